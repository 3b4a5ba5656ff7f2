/**
 * What a source's requests amounted to, for reports.
 */
export class Traffic {
  /** Requests sent, repetitions included. */
  requests = 0;
  /** Requests that had to be sent again. */
  repeated = 0;
  /** Answers that said "too many requests". */
  throttled = 0;
  /** Body bytes after decompression. */
  bytesReceived = 0;
  /** Body bytes on the wire; streamed bodies are not counted. */
  bytesSent = 0;
}
