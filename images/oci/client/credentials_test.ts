import assert from "node:assert/strict";
import { realHost } from "../../../host/host.ts";
import { type CredentialHost, findCredentials } from "./credentials.ts";

interface Fixture {
  directory: string;
  host: CredentialHost;
  docker(config: unknown): Promise<void>;
  /** A program in the folder that is PATH. */
  helper(name: string, script: string): Promise<void>;
}

async function withConfig(body: (fixture: Fixture) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${directory}/.docker`);
    await body({
      directory,
      host: {
        ...realHost(),
        env: (name) => name === "HOME" ? directory : undefined,
        which: (program) => {
          const path = `${directory}/${program}`;
          return realHost().exists(path) ? path : undefined;
        },
      },
      docker: (config) =>
        Deno.writeTextFile(`${directory}/.docker/config.json`, JSON.stringify(config)),
      helper: (name, script) =>
        Deno.writeTextFile(`${directory}/docker-credential-${name}`, `#!/bin/sh\n${script}\n`, {
          mode: 0o755,
        }),
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const password = (username: string, secret: string) => ({
  credentials: { kind: "password" as const, username, password: secret },
});

Deno.test("findCredentials() finds nothing without a configuration", async () => {
  await withConfig(async ({ host }) => {
    assert.deepEqual(await findCredentials(host, "ghcr.io", "a/b"), {});
  });
});

Deno.test("findCredentials() splits auth at its first colon and takes the nearest key", async () => {
  await withConfig(async ({ host, docker }) => {
    await docker({
      auths: {
        "ghcr.io": { auth: btoa("me:a:b:c") },
        "ghcr.io/team": { auth: btoa("team:t") },
        "https://quay.io/v1/": { auth: btoa("q:q") },
        "https://index.docker.io/v1/": { auth: btoa("hub:h") },
        "token.io": { identitytoken: "refresh", auth: btoa("x:y") },
        "empty.io": {},
      },
    });
    const find = (registry: string, repository = "x") =>
      findCredentials(host, registry, repository);
    assert.deepEqual(await find("ghcr.io"), password("me", "a:b:c"));
    assert.deepEqual(await find("ghcr.io", "team/x"), password("team", "t"));
    assert.deepEqual(await find("ghcr.io", "teammate/x"), password("me", "a:b:c"));
    assert.deepEqual(await find("quay.io"), password("q", "q"));
    assert.deepEqual(await find("docker.io"), password("hub", "h"));
    assert.deepEqual(await find("token.io"), {
      credentials: { kind: "identity-token", token: "refresh" },
    });
    for (const registry of ["empty.io", "evil-ghcr.io", "ghcr.io.evil"]) {
      assert.deepEqual(await find(registry), {}, registry);
    }
  });
});

Deno.test("findCredentials() says that it cannot read an entry", async () => {
  await withConfig(async ({ directory, host, docker }) => {
    for (const auth of ["%%%", btoa("no colon")]) {
      await docker({ auths: { "a.io": { auth } } });
      assert.deepEqual(await findCredentials(host, "a.io", "x"), {
        problem:
          `${directory}/.docker/config.json: the "auth" of "a.io" is not USER:PASSWORD in base64`,
      });
    }
  });
});

Deno.test("findCredentials() asks helpers: that of the registry, then the store", async () => {
  await withConfig(async ({ directory, host, docker, helper }) => {
    await docker({ credHelpers: { "a.io": "own" }, credsStore: "all" });
    const answer = (user: string) =>
      `cat >${directory}/asked; [ "$1" = get ] && echo '{"Username":"${user}","Secret":"s"}'`;
    await helper("own", answer("one"));
    await helper("all", answer("<token>"));
    assert.deepEqual(await findCredentials(host, "a.io", "x"), password("one", "s"));
    assert.equal(await Deno.readTextFile(`${directory}/asked`), "a.io");
    assert.deepEqual(await findCredentials(host, "docker.io", "x"), {
      credentials: { kind: "identity-token", token: "s" },
    });
    assert.equal(await Deno.readTextFile(`${directory}/asked`), "https://index.docker.io/v1/");
  });
});

Deno.test("findCredentials() tells what is wrong with a helper, and goes on", async () => {
  await withConfig(async ({ host, docker, helper }) => {
    await docker({ credsStore: "gone" });
    assert.deepEqual(await findCredentials(host, "a.io", "x"), {
      problem: "docker-credential-gone is not on PATH",
    });
    await helper("none", "echo 'credentials not found in native keychain'; exit 1");
    await docker({ credsStore: "none" });
    assert.deepEqual(await findCredentials(host, "a.io", "x"), {});
    await helper("locked", "echo 'User interaction is not allowed' >&2; exit 1");
    await docker({ credsStore: "locked" });
    assert.deepEqual(await findCredentials(host, "a.io", "x"), {
      problem: "docker-credential-locked: User interaction is not allowed",
    });
    await docker({ credsStore: "../../bin/sh" });
    const { problem } = await findCredentials(host, "a.io", "x");
    assert.match(problem ?? "", /is no name of a helper/);
  });
});

Deno.test("findCredentials() reads Podman's file after Docker's", async () => {
  await withConfig(async ({ directory, host, docker }) => {
    await Deno.mkdir(`${directory}/.config/containers`, { recursive: true });
    await Deno.writeTextFile(
      `${directory}/.config/containers/auth.json`,
      JSON.stringify({ auths: { "a.io": { auth: btoa("podman:p") } } }),
    );
    assert.deepEqual(await findCredentials(host, "a.io", "x"), password("podman", "p"));
    await docker({ auths: { "a.io": { auth: btoa("docker:d") } } });
    assert.deepEqual(await findCredentials(host, "a.io", "x"), password("docker", "d"));
  });
});
