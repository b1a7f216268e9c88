/**
 * Texts that people read, kept as files beside their tests so that a change of one is seen in
 * review. `UPDATE_GOLDENS=1` writes them anew.
 */
import assert from "node:assert/strict";

/** Compares `text` with the file `goldens/NAME` in the folder of the test (`import.meta.url`). */
export async function assertGolden(testUrl: string, name: string, text: string): Promise<void> {
  const url = new URL(`./goldens/${name}`, testUrl);
  if (Deno.env.get("UPDATE_GOLDENS") === "1") {
    await Deno.mkdir(new URL("./goldens", testUrl), { recursive: true });
    await Deno.writeTextFile(url, text);
    return;
  }
  assert.equal(text, await Deno.readTextFile(url), `differs from goldens/${name}`);
}
