import assert from "node:assert/strict";
import { checkFlags, parseFlags } from "./flags.ts";
import { usage } from "./flag_table.ts";
import { splitQuoted } from "./option_list.ts";
import { release } from "./versions.ts";

const NEWEST = release();

Deno.test("parseFlags() refuses in pflag's words", () => {
  const refused: Readonly<Record<string, readonly string[]>> = {
    "flag needs an argument: --cpus": ["--cpus"],
    "flag needs an argument: 'c' in -c": ["-c"],
    "unknown shorthand flag: 'x' in -x": ["-nx"],
    "bad flag syntax: --=1": ["--=1"],
    "bad flag syntax: ---cpus": ["---cpus"],
    'invalid argument "maybe" for "--gui" flag: strconv.ParseBool: parsing "maybe": invalid syntax':
      ["--gui=maybe"],
    'invalid argument "linux,cmdline=\\"a" for "-b, --bootloader" flag: mismatched "': [
      "-b",
      'linux,cmdline="a',
    ],
  };
  for (const [message, argv] of Object.entries(refused)) {
    assert.throws(() => parseFlags(argv, NEWEST), { message });
  }
});

Deno.test("parseFlags() lets the last value win, and joins short flags", () => {
  const flags = parseFlags(["-c1", "-nc=2", "--gui", "--gui=false", "-m", "0x10", "x"], NEWEST);
  assert.deepEqual([flags.cpus, flags.nested, flags.gui, flags.memory], [2n, true, false, 16n]);
});

Deno.test("parseFlags() of older releases does not know what came later", () => {
  const unknown: readonly [argument: string, before: string, message: string][] = [
    ["--cloud-init=a", "0.6.0", "unknown flag: --cloud-init"],
    ["--pidfile=a", "0.6.1", "unknown flag: --pidfile"],
    ["-n", "0.6.1", "unknown shorthand flag: 'n' in -n"],
  ];
  for (const [argument, before, message] of unknown) {
    assert.throws(() => parseFlags([argument], release(before)), { message });
    parseFlags([argument], NEWEST);
  }
  assert.ok(!usage(release("0.6.1")).includes("--pidfile"));
});

Deno.test("checkFlags() holds the rules between flags", () => {
  const check = (...argv: string[]) => checkFlags(parseFlags(argv, NEWEST));
  assert.throws(() => check("-C", "x"), {
    message: "if any flags in the group [kernel initrd kernel-cmdline] are set they must all be " +
      "set; missing [initrd kernel]",
  });
  assert.throws(() => check("--log-level", "trace"), { message: "unknown log level: trace" });
  check("-k", "", "-i", "", "-C", "");
});

Deno.test("splitQuoted() keeps quotes inside of an item and drops those around it", () => {
  assert.deepEqual(splitQuoted('"a,b",c="d,e" f,,g'), ["a,b", 'c="d,e" f', "", "g"]);
});
