import { describe, expect, it } from "vitest";
import { redactor } from "../../../src/sources/http/redaction.ts";

describe("a service's words", () => {
  it.each([
    ["Basic YmFja3VwOnRvcHNlY3JldA==", "you sent Basic YmFja3VwOnRvcHNlY3JldA=="],
    ["Basic YmFja3VwOnRvcHNlY3JldA==", "token YmFja3VwOnRvcHNlY3JldA== is bad"],
    ["Basic YmFja3VwOnRvcHNlY3JldA==", "user backup, password topsecret"],
    ["Bearer abc.def.ghi", "expired: abc.def.ghi"],
    ["AuthSession=YWRtaW46NTg", "cookie YWRtaW46NTg"],
    ["topsecret", "name or password topsecret"],
  ])("lose what %s gives away", (value, words) => {
    const redacted = redactor([value])(words);
    for (const secret of ["YmFja3VwOnRvcHNlY3JldA==", "topsecret", "abc.def.ghi", "YWRtaW46NTg"]) {
      expect(redacted).not.toContain(secret);
    }
    expect(redacted).toContain("[removed]");
  });

  it("are otherwise left as they are", () => {
    expect(redactor(["Basic YTpi", ""])("Name or password is incorrect.")).toBe(
      "Name or password is incorrect.",
    );
  });
});
