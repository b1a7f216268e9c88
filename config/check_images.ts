import type { Mistake } from "./check.ts";
import type { FileInput } from "./schema.ts";

type Table = Record<string, unknown>;

/**
 * What is wrong between the keys of `[images]`, each right by itself: names that mean two images,
 * signatures that nothing could be checked with.
 */
export function mistakesOfImages(input: FileInput): Mistake[] {
  if (!isTable(input["images"])) return [];
  const images = Object.entries(input["images"])
    .flatMap(([name, table]): [string, Table][] => isTable(table) ? [[name, table]] : []);
  return [...ambiguousNames(images), ...images.flatMap(([name, table]) => signatures(name, table))];
}

/** Names are looked up without regard to case, those of tables first. */
function ambiguousNames(images: readonly [string, Table][]): Mistake[] {
  const owners = new Map<string, string>();
  const mistakes: Mistake[] = [];
  const take = (name: string, owner: string, path: string[], at: Mistake["at"]) => {
    const key = name.toLowerCase();
    const other = owners.get(key);
    if (other === undefined) owners.set(key, owner);
    else if (other !== owner) {
      mistakes.push({ path, at, message: `"${name}" is a name of [images."${other}"] already` });
    }
  };
  for (const [name] of images) take(name, name, ["images", name], "key");
  for (const [name, { aliases }] of images) {
    if (!Array.isArray(aliases)) continue;
    aliases.forEach((alias, index) => {
      if (typeof alias === "string") {
        take(alias, name, ["images", name, "aliases", String(index)], "value");
      }
    });
  }
  return mistakes;
}

function signatures(name: string, image: Table): Mistake[] {
  const hasKeys = Array.isArray(image["keys"]) && image["keys"].length > 0;
  const places: [string[], unknown][] = [
    [["images", name], image],
    [["images", name, "x86_64"], image["x86_64"]],
    [["images", name, "aarch64"], image["aarch64"]],
  ];
  return places.flatMap(([path, table]): Mistake[] => {
    if (!isTable(table) || !Object.hasOwn(table, "signature")) return [];
    const place = { path: [...path, "signature"], at: "key" as const };
    return [
      ...hasKeys ? [] : [{ ...place, message: "needs `keys` of the image, which may sign" }],
      ...Object.hasOwn(table, "checksum")
        ? []
        : [{ ...place, message: "needs `checksum`, the file that is signed" }],
    ];
  });
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
