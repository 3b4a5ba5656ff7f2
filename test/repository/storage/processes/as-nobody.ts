/** Does one call in a folder as whoever runs this; prints the code of its error. Arguments: folder, call. */
import { collect } from "../../../../src/repository/storage/conformance/check.ts";
import { isHoldfastError } from "../../../../src/model/errors.ts";
import { openFolder } from "../../../../src/repository/storage/folder.ts";

const [folder, call] = process.argv.slice(2) as [string, string];
const storage = openFolder(folder);
const calls: Readonly<Record<string, () => Promise<unknown>>> = {
  create: async () => await storage.create("new", Buffer.from("x")),
  read: async () => await storage.read("kept/object"),
  stat: async () => await storage.stat("kept/object"),
  list: async () => await collect(storage.list("")),
  remove: async () => {
    await storage.remove("kept/object");
  },
};

try {
  await calls[call]?.();
  process.stdout.write("no error");
} catch (error) {
  process.stdout.write(isHoldfastError(error) ? error.code : String(error));
}
