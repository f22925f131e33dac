// How does a Node program send jobs by the Redis list, and hear of their ends by the stream?
//   AUDIENCE_REDIS_URL=redis://host/0 node with-redis.js jobs.jsonl
// With CRM_SIGNING_KEY set, the jobs are signed by the producer crm.
import { readFileSync } from "node:fs";
import { createClient } from "redis";
import { signed } from "./sign.js";

const jobs = readFileSync(process.argv[2], "utf8").trim().split("\n").map((line) => JSON.parse(line));
const name = (provider, account, id) => JSON.stringify([provider, account, id]);
const mine = new Set(jobs.map((job) => name(job.provider, job.account, job.id)));
const waiting = new Set(mine);
const seen = new Set();

const client = await createClient({ url: process.env.AUDIENCE_REDIS_URL }).connect();
const newest = await client.xRevRange("audience:results", "+", "-", { COUNT: 1 });
let place = newest.length ? newest[0].id : "0"; // before the first job, so that no event is missed

const key = process.env.CRM_SIGNING_KEY;
for (const job of jobs) {
  await client.lPush("audience.jobs", key ? signed(job, "crm", key) : JSON.stringify(job)); // answered: it lies on the list
}

while (waiting.size > 0) {
  const [stream] = (await client.xRead({ key: "audience:results", id: place }, { BLOCK: 5000, COUNT: 100 })) ?? [];
  for (const { id, message } of stream?.messages ?? []) {
    place = id;
    const event = JSON.parse(message.event);
    const job = name(event.data.provider, event.data.account, event.data.job_id);
    if (!mine.has(job) || seen.has(event.id)) continue; // of another producer; or a repeat, which has the same id
    seen.add(event.id);
    console.log(JSON.stringify(event));
    waiting.delete(job);
  }
}
client.destroy();
