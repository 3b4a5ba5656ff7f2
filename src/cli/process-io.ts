/**
 * The real process: standard streams, environment, and questions on the terminal.
 */
import { once } from "node:events";
import { homedir } from "node:os";
import { addAbortSignal } from "node:stream";
import { isatty } from "node:tty";
import { HoldfastError } from "../model/errors.ts";
import type { Io, Stream } from "./io.ts";

const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const CTRL_U = "\u0015";
const BACKSPACES: ReadonlySet<string> = new Set(["\b", "\u007f"]);

export function processIo(): Io {
  const stdout = processStream(process.stdout, isatty(1));
  const stderr = processStream(process.stderr, isatty(2));
  return {
    stdout,
    stderr,
    stdin: (signal) => addAbortSignal(signal, process.stdin),
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    interactive: isatty(0) && stderr.isTTY,
    ask: (question, signal) => readAnswer(question, true, signal),
    askSecret: (question, signal) => readAnswer(question, false, signal),
  };
}

function processStream(stream: NodeJS.WriteStream, terminal: boolean): Stream {
  let closed = false;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // The reader has gone (`| head`): nothing is wrong, and a backup must not stop for it.
    if (error.code !== "EPIPE") throw error;
    closed = true;
  });
  return {
    isTTY: terminal,
    get columns() {
      return terminal ? stream.columns : undefined;
    },
    get closed() {
      return closed;
    },
    async write(text) {
      if (closed || stream.write(text)) return;
      // Whichever comes first: the other must not go on listening, since a long output waits thousands of times.
      const waiting = new AbortController();
      const { signal } = waiting;
      await Promise.race([once(stream, "drain", { signal }), once(stream, "close", { signal })]).catch(
        () => undefined,
      );
      waiting.abort();
    },
  };
}

/** Reads one line in raw mode, so that a secret is never echoed, not even for a moment. */
async function readAnswer(question: string, shown: boolean, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  stdin.resume();
  try {
    return await new Promise<string>((resolve, reject) => {
      let answer = "";
      const stop = () => reject(new HoldfastError("interrupted", "the question was not answered"));
      const typed = (piece: string) => {
        for (const character of piece) {
          if (character === "\r" || character === "\n") return resolve(answer);
          if (character === CTRL_C || (character === CTRL_D && answer === "")) return stop();
          if (BACKSPACES.has(character)) {
            if (shown && answer !== "") stderr.write("\b \b");
            answer = Array.from(answer).slice(0, -1).join("");
          } else if (character === CTRL_U) {
            if (shown) stderr.write("\b \b".repeat(answer.length));
            answer = "";
          } else if (character >= " ") {
            if (shown) stderr.write(character);
            answer += character;
          }
        }
        return undefined;
      };
      stdin.on("data", typed);
      stdin.once("end", stop);
      signal.addEventListener("abort", stop, { once: true });
    });
  } finally {
    stdin.removeAllListeners("data");
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write("\n");
  }
}
