/** Creates objects named for the digest of their content until it is killed. Argument: folder. */
import { createHash, randomBytes } from "node:crypto";
import { openFolder } from "../../../../src/repository/storage/folder.ts";

const OBJECT_BYTES = 300_000;
const PIECE_BYTES = 20_000;

async function* pieces(content: Buffer): AsyncGenerator<Buffer> {
  for (let start = 0; start < content.length; start += PIECE_BYTES) {
    yield content.subarray(start, start + PIECE_BYTES);
  }
}

const storage = openFolder(process.argv[2] as string);
process.stdout.write("ready\n");
for (;;) {
  const content = randomBytes(OBJECT_BYTES);
  await storage.create(`made/${createHash("sha256").update(content).digest("hex")}`, pieces(content));
}
