import { cookieNameProblem, reservedCookiePrefix } from "@unstick/affinity";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("names that belong to the load balancer", () => {
  it.each([
    ["AWSALB", "AWSALB"],
    ["AWSALBAPP", "AWSALB"],
    ["AWSALBAPP-0", "AWSALB"],
    ["AWSALBTG", "AWSALB"],
    ["AWSALBCORS", "AWSALB"],
    ["AWSALBTGCORS", "AWSALB"],
    ["AWSALBATROSS", "AWSALB"],
    ["awsalb-x", "AWSALB"],
    ["AwsAlbApp", "AWSALB"],
    ["AWSELB", "AWSELB"],
    ["AWSELBCORS", "AWSELB"],
    ["awselbauthsessioncookie-0", "AWSELB"],
  ])("%s is reserved by %s", (name, prefix) => {
    expect(reservedCookiePrefix(name)).toBe(prefix);
    expect(cookieNameProblem(name)).toContain(`starts with ${prefix}`);
    expect(cookieNameProblem(name)).toContain("choose a name of your own");
  });

  it.each(["AWSAL", "AWSEL", "AWS", "MYAWSALB", "XAWSELB", "AWS-ALB", "__Host-AWSALB", "a"])(
    "%s is the application's",
    (name) => {
      expect(cookieNameProblem(name)).toBeNull();
    },
  );
});

describe("the grammar of a name", () => {
  const legal = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/;

  it("takes a character if and only if RFC 9110 calls it a token character", () => {
    for (let code = 0; code <= 0x180; code++) {
      const character = String.fromCharCode(code);
      const problem = cookieNameProblem(`a${character}`);
      expect(problem === null, `U+${code.toString(16)}`).toBe(legal.test(character));
    }
  });

  it("refuses the empty name", () => {
    expect(cookieNameProblem("")).toContain("empty");
  });

  it("answers every string", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        const problem = cookieNameProblem(name);
        expect(problem === null || problem.length > 0).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
