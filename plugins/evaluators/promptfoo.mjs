// Answers assertions, one JSON a line, with what promptfoo itself says of them.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(process.argv[2] + "/");
console.log = console.info = console.warn = console.debug = (...said) => console.error(...said);
const { assertions } = require("promptfoo");
process.stdout.write(JSON.stringify({ ready: true }) + "\n");

for await (const line of createInterface({ input: process.stdin })) {
  const { assertion, output, vars, prompt } = JSON.parse(line);
  let said;
  try {
    const result = await assertions.runAssertion({
      assertion, prompt, vars, test: { vars }, providerResponse: { output },
    });
    said = { pass: result.pass, score: result.score, reason: result.reason };
  } catch (error) {
    said = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(said) + "\n");
}
process.exit(0);
