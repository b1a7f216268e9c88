/**
 * Runs a stand-in over command lines with the answers of the real program's own parser, and says
 * where it answers otherwise. `data/README.md` describes the vectors.
 */

/** One command line and its answer. */
export interface Vector {
  id: string;
  /** `${FIX}` stands for the folder of {@linkcode makeFixtures}. */
  argv: string[];
  valid: boolean;
  /** How far the program comes: `ok` and `run` go all the way, the last one with a machine. */
  stage: string;
  /** The machine that was understood, or `stdout_contains`. */
  expect?: Record<string, unknown>;
  exit?: number;
  error_contains?: string;
  /** Set where the error is the framework's: of its text only what is in `error_contains` counts. */
  error_from?: string;
  /** `amd64`: the answer of an Intel Mac. */
  host?: string;
  /** What the Mac can do, as environment variables of the stand-in. */
  host_facts?: Record<string, string>;
}

/** How long one command line may take on a busy computer. */
const TIMEOUT_MS = 60_000;

/** Makes the files that vectors name; anew for each, as a run may overwrite them. */
export async function makeFixtures(folder: string): Promise<void> {
  const write = (name: string, data: Uint8Array | string, length?: number) => {
    using file = Deno.openSync(`${folder}/${name}`, { write: true, createNew: true });
    file.writeSync(typeof data === "string" ? new TextEncoder().encode(data) : data);
    if (length !== undefined) file.truncateSync(length);
  };
  for (const name of ["ci", "sp ace", "l".repeat(70)]) await Deno.mkdir(`${folder}/${name}`);
  for (const name of ["raw.img", "raw2.img", "k=v.img", "sp ace/d.img"]) write(name, "", 1 << 20);
  for (const name of ["empty.img", "ci/meta-data", "ci/network-config"]) write(name, "");
  for (const name of ["nvram-exists", "mid", "hw", "aux", "stale.sock"]) write(name, "x");
  write("three.img", "abc");
  write("disk.qcow2", Uint8Array.of(0x51, 0x46, 0x49, 0xfb), 64 << 10);
  write("Image", `${"\0".repeat(0x38)}ARMd`, 4096);
  write("Image.gz", Uint8Array.of(0x1f, 0x8b, 0x08), 4096);
  write("initrd", "", 4096);
  write("ci/user-data", "#cloud-config\n");
  write("ign.json", "{}");
}

/** Command lines that are tried at the same time. */
const AT_ONCE = 4;

/** Every vector that the stand-in answers otherwise, with how. */
export async function disagreements(
  standIn: string,
  vectors: readonly Vector[],
  env: Record<string, string>,
): Promise<string[]> {
  const found: string[] = [];
  const waiting = [...vectors];
  const work = async () => {
    for (let vector = waiting.shift(); vector !== undefined; vector = waiting.shift()) {
      const why = await disagreement(standIn, vector, env);
      if (why !== undefined) found.push(`${vector.id}: ${why}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found.sort();
}

/** Why the stand-in does not agree with the vector; undefined when it does. */
async function disagreement(
  standIn: string,
  vector: Vector,
  env: Record<string, string>,
): Promise<string | undefined> {
  const folder = await Deno.makeTempDir({ prefix: "vec-" });
  try {
    await makeFixtures(folder);
    const { code, stdout, stderr } = await new Deno.Command(standIn, {
      args: vector.argv.map((argument) => argument.replaceAll("${FIX}", folder)),
      cwd: folder,
      env: {
        ...env,
        TMPDIR: folder,
        STAND_IN_ARCH: vector.host ?? "arm64",
        STAND_IN_NO_GUEST: "1",
        ...(vector.stage === "run" ? {} : { STAND_IN_PARSE: "1" }),
        ...vector.host_facts,
      },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).output();
    const decoder = new TextDecoder();
    const out = normalise(decoder.decode(stdout), folder);
    const err = normalise(decoder.decode(stderr), folder);
    return vector.valid ? whyRefused(vector, code, out, err) : whyAccepted(vector, code, out, err);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function whyRefused(vector: Vector, code: number, out: string, err: string): string | undefined {
  if (code !== 0) return `exit ${code} instead of 0: ${lastLine(err)}`;
  const text = vector.expect?.["stdout_contains"];
  if (typeof text === "string" && !out.includes(text)) {
    return `no ${JSON.stringify(text)} on stdout`;
  }
  if (vector.stage !== "ok") return undefined;
  const line = parsedLine(out);
  if (line === undefined) return "accepted, without a PARSED line";
  const [got, want] = [sorted(JSON.parse(line)), sorted(vector.expect)].map((value) =>
    JSON.stringify(value)
  );
  return got === want ? undefined : `understood\n  ${got}\ninstead of\n  ${want}`;
}

function whyAccepted(vector: Vector, code: number, out: string, err: string): string | undefined {
  if (code === 0 || parsedLine(out) !== undefined) return "accepted instead of refused";
  if (vector.exit !== undefined && code !== vector.exit) {
    return `exit ${code} instead of ${vector.exit}`;
  }
  const text = normaliseError(vector.error_contains ?? "");
  // A log line has its message as a quoted string.
  const said = normaliseError(vector.error_from === undefined ? unquoted(err) : err);
  return said.includes(text) ? undefined : `said "${lastLine(err)}" instead of "${text}"`;
}

function parsedLine(out: string): string | undefined {
  return out.split("\n").find((line) => line.startsWith("PARSED "))?.slice("PARSED ".length);
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

function unquoted(text: string): string {
  return `${text}\n${text.replaceAll('\\"', '"')}`;
}

/** Puts the names back that change from run to run. */
function normalise(text: string, folder: string): string {
  return text
    .replace(
      /"[^"]*\/vfkit-cloudinit\/vfkit-cloudinit-\d+-\d+\.iso"/g,
      '"${TMPDIR}/vfkit-cloudinit/vfkit-cloudinit-${PID}-${RAND}.iso"',
    )
    .replaceAll(folder, "${FIX}")
    .replace(/vfkit-[0-9a-f]+-[0-9a-f]+\.sock/g, "vfkit-${PIDHEX}-${RANDHEX}.sock");
}

/** The length of a path depends on the process id and on where the fixtures lie. */
function normaliseError(text: string): string {
  return text.replace(/too long: \d+ >=/g, "too long: N >=");
}

/** The same value with the keys of its objects in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, part]) => [key, sorted(part)]));
}
