/** Creates an object of a megabyte; prints the code of its error. Argument: folder. */
import { isHoldfastError } from "../../../../src/model/errors.ts";
import { openFolder } from "../../../../src/repository/storage/folder.ts";

const OBJECT_BYTES = 1_000_000;

try {
  await openFolder(process.argv[2] as string).create("large", Buffer.alloc(OBJECT_BYTES));
  process.stdout.write("no error");
} catch (error) {
  process.stdout.write(isHoldfastError(error) ? error.code : String(error));
}
