// Reads the OpenAPI description on stdin and writes its component schemas as TypeScript types to the file that is named;
// with --check it writes nothing, and fails where the file differs.
import { readFileSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import openapiTS, { astToString } from "openapi-typescript";

const HEADER = "// Generated from the server's OpenAPI description by `make types`: do not edit.\n\n";

const [target, flag] = process.argv.slice(2);
// `@default null` would stand at every second field and say nothing.
const read = (key, value) => (key === "default" && value === null ? undefined : value);
const { openapi, info, components } = JSON.parse(await text(process.stdin), read);
const description = { openapi, info, paths: {}, components: { schemas: components.schemas } };
const options = {
  // A field with a default may be left out of what is sent: `required` alone says what has to be there.
  defaultNonNullable: false,
  // `export type Step = …` for each schema.
  rootTypes: true,
  rootTypesNoSchemaPrefix: true,
};
const types = HEADER + astToString(await openapiTS(description, options));
if (flag !== "--check") writeFileSync(target, types);
else if (readFileSync(target, "utf-8") !== types) {
  console.error(`${target} is not what the server's models say: run "make types" and commit it`);
  process.exit(1);
}
