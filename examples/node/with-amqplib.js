// How does a Node program send jobs to RabbitMQ, and hear of their ends?
//   AUDIENCE_BROKER_URL=amqp://user:password@host/%2F node with-amqplib.js jobs.jsonl
import { readFileSync } from "node:fs";
import amqp from "amqplib";

const jobs = readFileSync(process.argv[2], "utf8").trim().split("\n").map((line) => JSON.parse(line));
const name = (provider, account, id) => JSON.stringify([provider, account, id]);
const mine = new Set(jobs.map((job) => name(job.provider, job.account, job.id)));
const waiting = new Set(mine);
const seen = new Set();

const connection = await amqp.connect(process.env.AUDIENCE_BROKER_URL);
const channel = await connection.createConfirmChannel();
channel.on("return", () => {
  throw new Error("No queue audience.jobs: run `audience setup`, or start a worker.");
});

const { queue } = await channel.assertQueue("", { exclusive: true });
await channel.bindQueue(queue, "audience.results", "#"); // before the first job, so that no event is missed
await channel.consume(queue, hear, { noAck: true });

for (const job of jobs) {
  channel.publish("", "audience.jobs", Buffer.from(JSON.stringify(job)), {
    contentType: "application/json",
    persistent: true,
    mandatory: true,
  });
}
await channel.waitForConfirms(); // throws unless RabbitMQ has every job

async function hear(message) {
  const event = JSON.parse(message.content.toString());
  const job = name(event.data.provider, event.data.account, event.data.job_id);
  if (!mine.has(job) || seen.has(event.id)) return; // of another producer; or a repeat, which has the same id
  seen.add(event.id);
  console.log(JSON.stringify(event));
  waiting.delete(job);
  if (waiting.size === 0) await connection.close();
}
