import assert from "node:assert/strict";
import { type Outcome, parseCommandLine } from "./command_line.ts";
import { HelperError } from "./error.ts";
import { usage } from "./option_table.ts";
import { release } from "./versions.ts";

const ID = "2835e074-9892-4a79-affb-7e41d2605678";
const FLAGS = { isolated: false, tso: false, checksumOffload: false };

/** What is understood, or the error; `+` before it where the usage follows. */
function parse(line: string, version?: string): Outcome | string {
  const args = line === "" ? [] : line.split(" ").map((word) => word === "''" ? "" : word);
  try {
    return parseCommandLine(args, release(version));
  } catch (error) {
    if (!(error instanceof HelperError)) throw error;
    return `${error.withUsage ? "+" : ""}${error.message}`;
  }
}

Deno.test("parseCommandLine() takes values as getopt_long() does", () => {
  const lines: [line: string, expected: Outcome | string][] = [
    ["--fd 3", { ...FLAGS, fd: 3, mode: "shared" }],
    ["-f3", { ...FLAGS, fd: 3, mode: "shared" }],
    ["--fd=0", { ...FLAGS, fd: 0, mode: "shared" }],
    ["--f 0", { ...FLAGS, fd: 0, mode: "shared" }],
    ["words --fd 3 more -- --fd x", { ...FLAGS, fd: 3, mode: "shared" }],
    ["-s S --op host", { ...FLAGS, socket: "S", mode: "host" }],
    [`-s S -i ${ID}`, { ...FLAGS, socket: "S", mode: "shared", interfaceId: ID.toUpperCase() }],
    ["-s S -i 00000000-0000-0000-0000-000000000000", { ...FLAGS, socket: "S", mode: "shared" }],
    ["-s -v --enable-t --enable-c", {
      ...{ ...FLAGS, socket: "-v", mode: "shared" },
      ...{ tso: true, checksumOffload: true },
    }],
    ["--s S", "Invalid option: --s"],
    ["--ver", "Invalid option: --ver"],
    ["--vers", "version"],
    ["--unprivileged", "Invalid option: --unprivileged"],
    ["-x", "Invalid option: -x"],
    ["--help=1", "Invalid option: --help=1"],
    ["--fd", "Option --fd requires an argument"],
    ["-f", "Option -f requires an argument"],
  ];
  for (const [line, expected] of lines) assert.deepEqual(parse(line), expected, line);
});

Deno.test("parseCommandLine() acts on options in their order", () => {
  assert.equal(parse("--version --fd x"), "version");
  assert.equal(parse("--list-shared-interfaces --nonsense"), "list");
  assert.equal(parse("-h"), "help");
  assert.equal(parse("--fd x --version"), "+Invalid fd 'x': Invalid argument");
});

Deno.test("parseCommandLine() refuses values in macOS's words", () => {
  const lines: [line: string, message: string][] = [
    ["--fd 3x", "+Invalid fd '3x'"],
    ["--fd -1", "+Invalid fd '-1'"],
    ["--fd 2147483648", "+Invalid fd '2147483648'"],
    ["--fd 9223372036854775808", "+Invalid fd '9223372036854775808': Result too large"],
    ["--fd ''", "+Invalid fd '': Invalid argument"],
    [`-s ${"x".repeat(104)}`, `+Socket "${"x".repeat(104)}" too long (104 > 103)`],
    ["-i 2835e074", 'Invalid interface-id: "2835e074"'],
    ["--operation-mode nat", 'Invalid --operation-mode: "nat"'],
    ["--operation-mode=nat", 'Invalid --operation-mode=nat: "nat"'],
    ["--start-address 192.168.1.256", 'Invalid --start-address: "192.168.1.256"'],
    ["--stats-interval 0", "Invalid --stats value '0': must be a positive integer"],
    ["", '+Missing argument: either "fd" or "socket" required'],
    ["-f 0 -s S", '+Conflicting arguments: "fd" and "socket" are mutually exclusive'],
    [
      "-f 0 --start-address 192.168.1.1",
      "--start-address, --end-address, and --subnet-mask must be given together, or all omitted",
    ],
    [
      "--operation-mode bridged",
      "Missing argument: shared-interface is required for operation-mode=bridged",
    ],
    [
      "--operation-mode bridged --shared-interface en0 --enable-isolation",
      "Conflicting arguments: enable-isolation cannot be used with bridged mode",
    ],
    [
      "--network shared --operation-mode shared",
      "Conflicting arguments: --network cannot be used with --operation-mode",
    ],
    [
      "--network shared --end-address 10.0.0.9",
      "Conflicting arguments: --network cannot be used with --end-address",
    ],
  ];
  for (const [line, message] of lines) assert.equal(parse(line), message, line);
});

Deno.test("parseCommandLine() ignores addresses when bridged", () => {
  const parsed = parse("-f 0 --operation-mode bridged --shared-interface en0 --subnet-mask 1");
  assert.equal(typeof parsed === "object" ? parsed.mask : parsed, "1");
});

Deno.test("parseCommandLine() has what the release has", () => {
  assert.equal(parse("--stats-interval 1", "0.12.0"), "Invalid option: --stats-interval");
  assert.equal(parse("--network shared", "0.9.0"), "Invalid option: --network");
  assert.equal(
    parse("-f 0 --enable-isolation", "0.11.0"),
    "Conflicting arguments: enable-isolation cannot be used with shared mode",
  );
  assert.equal(
    parse("-f 0 --enable-isolation", "0.6.0"),
    "Conflicting arguments: enable-isolation requires operation-mode=host",
  );
  assert.equal(typeof parse("-f 0 --enable-isolation", "0.12.0"), "object");
  const old = { start: "192.168.105.1", end: "192.168.105.9", mask: "255.255.255.0" };
  assert.deepEqual(parse("-f 0 --end-address 192.168.105.9", "0.11.0"), {
    ...{ ...FLAGS, fd: 0, mode: "shared" },
    ...old,
  });
  assert.deepEqual(parse("-f 0 --op host --end-address 10.0.0.9", "0.11.0"), {
    ...{ ...FLAGS, fd: 0, mode: "host" },
  });
});

Deno.test("usage() tells what the release has", () => {
  assert.match(usage(release()), /\[--network NAME\] .*\n {17}\[--stats-interval SECONDS\]\n/);
  assert.doesNotMatch(usage(release("0.9.0")), /network|stats/);
});
