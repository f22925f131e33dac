// How does a Node program sign a job? As a JWS around its JSON, with what comes with Node.
import { createHmac } from "node:crypto";

const part = (text) => Buffer.from(text).toString("base64url");

// producer: the name in the service's configuration; key: the text of the secret there, and not what base64 makes of it.
export function signed(job, producer, key) {
  const text = `${part(JSON.stringify({ alg: "HS256", kid: producer }))}.${part(JSON.stringify(job))}`;
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
}
