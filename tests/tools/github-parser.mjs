// Reads action.yml and workflow files with GitHub's own parser; says what it finds, and where.
import { readFileSync } from "node:fs";
import { basename } from "node:path";

import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";
import { parseAction } from "@actions/workflow-parser/actions/action-parser";
import { convertActionTemplate } from "@actions/workflow-parser/actions/action-template";

async function errorsOf(path) {
  const isAction = /^action\.ya?ml$/.test(basename(path));
  const [parse, convert] = isAction
    ? [parseAction, convertActionTemplate]
    : [parseWorkflow, convertWorkflowTemplate];
  const file = { name: path, content: readFileSync(path, "utf-8") };
  const { context, value } = parse(file, new NoOperationTraceWriter());
  if (value) {
    await convert(context, value);
  }
  return context.errors.getErrors().map((error) => `${path}: ${error.message}`);
}

async function main(paths) {
  const errors = (await Promise.all(paths.map(errorsOf))).flat();
  errors.forEach((error) => console.log(error));
  process.exitCode = errors.length ? 1 : 0;
}

main(process.argv.slice(2));
