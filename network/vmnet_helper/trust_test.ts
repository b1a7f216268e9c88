import assert from "node:assert/strict";
import { onlyRootCanChange } from "./trust.ts";

Deno.test("onlyRootCanChange() believes the system's programs", async () => {
  assert.equal(await onlyRootCanChange(await Deno.realPath("/bin/sh")), true);
});

Deno.test({
  name: "onlyRootCanChange() looks at the owner and the rights of file and folders",
  ignore: Deno.uid() !== 0, // only root makes files of root, and of others
  async fn() {
    const folder = await Deno.realPath(await Deno.makeTempDir({ dir: "/tmp" }));
    try {
      await Deno.mkdir(`${folder}/bin`, { mode: 0o755 });
      const program = `${folder}/bin/helper`;
      await Deno.writeTextFile(program, "#!/bin/sh\n", { mode: 0o755 });
      const answer = async (change: () => Promise<void>, undo: () => Promise<void>) => {
        await change();
        const is = await onlyRootCanChange(program);
        await undo();
        return is;
      };
      const nothing = () => Promise.resolve();
      assert.equal(await answer(nothing, nothing), true, "/tmp is sticky");
      for (const path of [program, `${folder}/bin`, folder]) {
        const mode = path === folder ? 0o700 : 0o755;
        const chmod = (bits: number) => () => Deno.chmod(path, bits);
        const chown = (uid: number) => () => Deno.chown(path, uid, null);
        assert.equal(await answer(chmod(0o777), chmod(mode)), false, `${path} for all`);
        assert.equal(await answer(chmod(0o775), chmod(mode)), false, `${path} for its group`);
        assert.equal(await answer(chown(1000), chown(0)), false, `${path} of a user`);
      }
      assert.equal(await answer(nothing, nothing), true);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
