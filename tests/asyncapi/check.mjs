// What does the official parser say of an AsyncAPI document? One JSON object: its diagnostics, and what it found in it.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
const found = document && {
  servers: document.servers().all().map((server) => [server.id(), server.protocol()]),
  channels: document.channels().all().map((channel) => channel.address()),
  operations: document.operations().all().map((operation) => [operation.id(), operation.action()]),
  messages: document.allMessages().all().map((message) => message.name()),
};
const said = diagnostics.map(({ code, severity, path, message }) => ({ code, severity, path: path.join("."), message }));
console.log(JSON.stringify({ found, diagnostics: said }));
