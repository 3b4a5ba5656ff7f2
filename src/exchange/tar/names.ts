/**
 * Names of files in an archive. Ids and names of attachments may be anything; in a path every byte but plain letters, digits
 * and a few signs is written `%XX`, and what is longer than a file's name may be is cut into folders that end with `%`.
 * Both can be undone, and no name can leave the archive's folder.
 */
import { UnusableFile } from "../imported.ts";

/** File systems allow 255 bytes; what tools append must fit too. */
const LONGEST_COMPONENT = 200;
/** A folder that ends so is continued by what is in it. No `%XX` ends with it. */
const CONTINUED = "%";

/** The empty name; no other begins with a full stop. */
const EMPTY = ".empty";

const PLAIN = /^[A-Za-z0-9_~=@+:,-]$/;

/** One or more components, separated by `/`. */
export function encodePath(name: Buffer): string {
  if (name.length === 0) return EMPTY;
  const components: string[] = [];
  let component = "";
  for (const [index, byte] of name.entries()) {
    const character = String.fromCharCode(byte);
    // A full stop at the beginning would hide the file, and `.` and `..` are places.
    const plain = PLAIN.test(character) || (character === "." && index > 0);
    const written = plain ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    if (component.length + written.length > LONGEST_COMPONENT) {
      components.push(component + CONTINUED);
      component = "";
    }
    component += written;
  }
  return [...components, component].join("/");
}

/** The name back from its components. Throws `UnusableFile` for what `encodePath` does not write. */
export function decodePath(components: readonly string[]): Buffer {
  const name = components.length === 1 && components[0] === EMPTY ? NOTHING : decoded(components);
  if (encodePath(name) !== components.join("/")) {
    throw new UnusableFile(`it holds "${components.join("/")}", which is not a name that Holdfast writes`);
  }
  return name;
}

const NOTHING = Buffer.alloc(0);

function decoded(components: readonly string[]): Buffer {
  const text = components
    .map((component) => (component.endsWith(CONTINUED) ? component.slice(0, -1) : component))
    .join("");
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== "%") bytes.push(text.charCodeAt(at));
    else {
      bytes.push(Number.parseInt(text.slice(at + 1, at + 3), 16));
      at += 2;
    }
  }
  return Buffer.from(bytes);
}

/** How many of the components, from the first, make one name. */
export function nameLength(components: readonly string[]): number {
  return components.findIndex((component) => !component.endsWith(CONTINUED)) + 1;
}
