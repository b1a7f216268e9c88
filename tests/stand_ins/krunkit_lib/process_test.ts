import assert from "node:assert/strict";
import { waitFor } from "../../support/wait_for.ts";
import { list, withFolder } from "../vfkit_lib/testing.ts";
import { exchange, startKrunkit } from "./testing.ts";

/** A played guest that stays. */
const PLAYED = { STAND_IN_NO_GUEST: "1", VZ_GUEST_OFF_MS: "60000" };
const HEAD = "HTTP/1.1 200 OK\r\nContent-type: application/json\r\n\r\n";
const RUNNING = HEAD + '{"state": "VirtualMachineStateRunning"}\0';
const STOPPING = HEAD + '{"state": "VirtualMachineStateStopping"}\0';

const said = (path: string) => waitFor("an answer", () => exchange(path, "GET / HTTP/1.1\r\n\r\n"));

Deno.test("REST ends its JSON with a NUL, knows no paths, and never says more than two things", () =>
  withFolder(async (folder) => {
    const rest = `${folder}/rest`;
    await using krunkit = startKrunkit(["--memory", "512", "--restful-uri", `unix://${rest}`], {
      env: { ...PLAYED, STAND_IN_IGNORE_STOP: "1" },
    });
    assert.equal(await said(rest), RUNNING);
    for (const request of ["GET /vm/inspect", "DELETE /any", "PUT /vm/state", "nonsense"]) {
      assert.equal(await exchange(rest, `${request} HTTP/1.1\r\n\r\n`), RUNNING, request);
    }
    for (
      const request of [
        'POST /vm/state HTTP/1.1\r\n\r\n{"state":"HardStop"}',
        'POST /vm/state HTTP/1.1\r\n\r\n{"state":"Pause"}',
        "GET /vm/state?POST HTTP/1.1\r\n\r\n",
      ]
    ) assert.equal(await exchange(rest, request), STOPPING, request);
    assert.equal(await said(rest), RUNNING, "a guest that ignores its power button runs on");
    assert.equal(krunkit.alive(), true);
  }));

Deno.test("a client that says nothing keeps the others waiting", () =>
  withFolder(async (folder) => {
    const rest = `${folder}/rest`;
    await using _krunkit = startKrunkit(["-m", "512", "--restful-uri", `unix://${rest}`], {
      env: PLAYED,
    });
    await said(rest);
    const silent = await Deno.connect({ transport: "unix", path: rest });
    let answered = false;
    const other = exchange(rest, "GET / HTTP/1.1\r\n\r\n").finally(() => answered = true);
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.equal(answered, false);
    silent.close();
    assert.equal(await other, RUNNING);
  }));

Deno.test("POST ends a guest that obeys with status 0; SIGTERM cuts its power at once", () =>
  withFolder(async (folder) => {
    const start = (name: string) =>
      startKrunkit([
        ...["-m", "512", "--restful-uri", `unix://${folder}/${name}`],
        ...["--pidfile", `${folder}/${name}.pid`],
      ], { env: PLAYED });
    await using obeys = start("obeys");
    await using killed = start("killed");
    await Promise.all([said(`${folder}/obeys`), said(`${folder}/killed`)]);
    assert.equal(await exchange(`${folder}/obeys`, "POST /"), STOPPING);
    assert.equal(await obeys.exit, 0);
    killed.signal("SIGTERM");
    assert.equal(await killed.exit, "SIGTERM");
    assert.deepEqual(list(folder), ["killed", "killed.pid", "obeys", "obeys.pid"], "all is left");
    assert.equal(await Deno.readTextFile(`${folder}/killed.pid`), String(killed.pid));
    assert.equal(obeys.stderr() + obeys.stdout(), "", "it has no words of its own");
  }));

Deno.test("an address that cannot be had ends REST alone; an old socket is no hindrance", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/taken`);
    await Deno.writeTextFile(`${folder}/old`, "");
    await using without = startKrunkit([
      ...["-m", "512", "--restful-uri", `unix://${folder}/taken`],
    ], { env: PLAYED });
    await using over = startKrunkit(["-m", "512", "--restful-uri", `unix://${folder}/old`], {
      env: PLAYED,
    });
    await without.says("panicked at");
    assert.match(without.stderr(), /failed to remove socket with error /);
    assert.equal(await said(`${folder}/old`), RUNNING);
    assert.deepEqual([without.alive(), over.alive()], [true, true]);
  }));

Deno.test("errors of the command line end with status 2, later ones with 1", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/there`, "");
    const cases: [args: string[], code: number, stderr: RegExp][] = [
      [["-m", "1", "-c", "2"], 2, /^error: the argument '--cpus <CPUS>' cannot be used multiple t/],
      [["-m", "1", "word"], 2, /^error: unexpected argument 'word' found\n\nUsage: krunkit \[/],
      [["-m", "1", "--gui=true"], 2, /^error: unexpected value 'true' for '--gui' found; no more/],
      [["--memory", "--nested"], 2, /^error: a value is required for '--memory <MEMORY>' but none/],
      [["-m512K"], 2, /: unknown memory suffix 'K', valid suffixes are MGTP\n\nFor more infor/],
      [["-m", "0"], 1, /^Error: zero MiB RAM inputted \(invalid\)\n$/],
      [
        ["-m", "1", "--device", `virtio-serial,logFilePath=${folder}/a`].concat(
          ["--device", `virtio-serial,logFilePath=${folder}/b`],
        ),
        1,
        /^Error: unable to set krun console output redirection to virtio-serial log file\n$/,
      ],
      [
        ["-m", "1", "--device", `virtio-vsock,port=5,socketURL=${folder}/there,connect`],
        1,
        /^Error: unable to add vsock port 5 for path .*\/there\n$/,
      ],
      [
        ["-m", "1", "--pidfile", `${folder}/pid`, "--device", `virtio-blk,path=${folder}/no`],
        1,
        /^\[\S+Z ERROR krun\] Building the microVM failed: .*\nError: unable to begin running krun/,
      ],
    ];
    for (const [args, code, stderr] of cases) {
      await using krunkit = startKrunkit(args, { env: PLAYED });
      assert.equal(await krunkit.exit, code, krunkit.stderr());
      assert.match(krunkit.stderr(), stderr);
    }
    assert.deepEqual(list(folder), ["there"], "the pid file of a start that failed is removed");
  }));
