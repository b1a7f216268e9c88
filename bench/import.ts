import { against, type Benchmark, type Row, rowOf } from "./lib/result.ts";
import { benchQcow2 } from "./qcow2.ts";

/** The conversion at the heart of `image import`. */
export const importQcow2: Benchmark = {
  name: "qcow2",
  about: "a qcow2 image made into a raw disk, against qemu-img convert",
  rounds: 5,
  async run(rounds) {
    const rows: Row[] = [];
    for (const result of await benchQcow2(rounds)) {
      const { image, cocoonMs, qemuImgMs, sealMs, peakBytes } = result;
      const qemuImg = rowOf(`${image}: qemu-img convert`, "ms", [qemuImgMs]);
      rows.push(
        against(rowOf(`${image}: cocoon`, "ms", [cocoonMs]), qemuImg),
        qemuImg,
        rowOf(`${image}: cocoon's digest of the disk, on top`, "ms", [sealMs]),
        rowOf(`${image}: cocoon's peak memory`, "bytes", [peakBytes]),
      );
    }
    return rows;
  },
};
