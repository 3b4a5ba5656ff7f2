import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFolder } from "../../../src/repository/storage/folder.ts";
import type { FolderOptions } from "../../../src/repository/storage/folder.ts";
import { memoryStorage } from "../../../src/repository/storage/memory.ts";
import { describeStorage } from "../../conformance/storage.ts";

function inFolder(options: FolderOptions) {
  return async () => {
    const path = await mkdtemp(join(tmpdir(), "holdfast-storage-"));
    return {
      storage: openFolder(join(path, "repository"), options),
      dispose: async () => await rm(path, { recursive: true }),
    };
  };
}

describeStorage("folder", inFolder({}));
describeStorage("folder without hard links", inFolder({ hardLinks: false }));
describeStorage("folder whose directories are sorted in parts", inFolder({ namesInMemory: 64 }));
describeStorage("memory", async () => ({ storage: memoryStorage() }), {
  skip: [
    {
      test: "streams a large object in and out in bounded memory",
      reason: "memory is where it keeps its objects",
    },
  ],
});
