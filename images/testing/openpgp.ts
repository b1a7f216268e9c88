/** Keys and signatures made by the real `gpg`, which the tests need, in a home of their own. */
import { realHost } from "../../host/host.ts";

/** A key of a test, that signs. */
export interface TestKey {
  /** Upper-case hexadecimal. */
  fingerprint: string;
  /** The public key in ASCII armor. */
  armored: string;
  /** A detached signature, armored. */
  sign(content: string): Promise<string>;
  /** The text with its signature around it. */
  clearsign(content: string): Promise<string>;
}

/** A folder with keys; its disposal removes all of it. */
export interface TestKeys extends AsyncDisposable {
  /**
   * Makes a key.
   * @param time as which `gpg` makes it and signs, `YYYYMMDDThhmmss`; without it, now
   * @param expires how long it is good for, as `gpg` writes it (`1y`)
   */
  make(name: string, options?: { time?: string; expires?: string }): Promise<TestKey>;
}

/** Opens an empty folder of keys. */
export async function testKeys(): Promise<TestKeys> {
  const home = await Deno.makeTempDir({ prefix: "ck-" });
  const gpg = async (args: string[], time?: string): Promise<string> => {
    const clock = time === undefined ? [] : ["--faked-system-time", `${time}!`];
    const { code, stdout, stderr } = await realHost().run(
      ["gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", "", ...clock, ...args],
      { timeoutMs: 60_000 },
    );
    if (code !== 0) throw new Error(`gpg ${args.join(" ")}: exit ${code}: ${stderr}`);
    return stdout;
  };
  return {
    async make(name, { time, expires = "never" } = {}) {
      await gpg(["--quick-gen-key", name, "ed25519", "sign", expires], time);
      const listed = await gpg(["--with-colons", "--list-keys", `=${name}`]);
      const fingerprint = /^fpr:+([0-9A-F]+):/m.exec(listed)?.[1];
      if (fingerprint === undefined) throw new Error(`gpg lists no fingerprint: ${listed}`);
      const signed = async (verb: string, content: string) => {
        const path = `${home}/${crypto.randomUUID()}`;
        await Deno.writeTextFile(path, content);
        await gpg(
          ["--local-user", fingerprint, "--armor", "--output", `${path}.asc`, verb, path],
          time,
        );
        return await Deno.readTextFile(`${path}.asc`);
      };
      return {
        fingerprint,
        armored: await gpg(["--armor", "--export", fingerprint]),
        sign: (content) => signed("--detach-sign", content),
        clearsign: (content) => signed("--clearsign", content),
      };
    },
    async [Symbol.asyncDispose]() {
      // The agent that gpg started holds the secret keys; it ends on its own account otherwise.
      await realHost().run(["gpgconf", "--homedir", home, "--kill", "all"], { timeoutMs: 60_000 });
      await Deno.remove(home, { recursive: true });
    },
  };
}
