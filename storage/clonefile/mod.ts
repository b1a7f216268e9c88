/** Storage driver `clonefile`: the disk shares the image's blocks until they are written (macOS). */
import { cloneDriver } from "./driver.ts";

export default cloneDriver();
