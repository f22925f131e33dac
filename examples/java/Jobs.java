// How does a Java program send jobs to RabbitMQ, and hear of their ends?
//   AUDIENCE_BROKER_URL=amqp://user:password@host/%2F java -cp 'lib/*' Jobs.java jobs.jsonl
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.MessageProperties;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import static java.nio.charset.StandardCharsets.UTF_8;

public class Jobs {
    record Name(String provider, String account, String id) {
        static Name of(JsonObject object, String id) {
            return new Name(text(object, "provider"), text(object, "account"), text(object, id));
        }

        static String text(JsonObject object, String field) {
            return object.get(field).isJsonNull() ? null : object.get(field).getAsString();
        }
    }

    public static void main(String[] arguments) throws Exception {
        List<String> jobs = Files.readAllLines(Path.of(arguments[0]));
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(System.getenv("AUDIENCE_BROKER_URL"));
        try (Connection connection = factory.newConnection(); Channel channel = connection.createChannel()) {
            BlockingQueue<String> events = new LinkedBlockingQueue<>();
            String queue = channel.queueDeclare().getQueue(); // exclusive, gone with this connection
            channel.queueBind(queue, "audience.results", "#"); // before the first job, so that no event is missed
            channel.basicConsume(queue, true, (tag, message) -> events.add(new String(message.getBody(), UTF_8)), tag -> {});
            publish(channel, jobs);
            await(events, jobs);
        }
    }

    static void publish(Channel channel, List<String> jobs) throws Exception {
        AtomicBoolean returned = new AtomicBoolean();
        channel.addReturnListener((code, text, exchange, key, properties, body) -> returned.set(true));
        channel.confirmSelect();
        for (String job : jobs) {
            channel.basicPublish("", "audience.jobs", true, MessageProperties.PERSISTENT_BASIC, job.getBytes(UTF_8));
        }
        channel.waitForConfirmsOrDie(10_000);
        if (returned.get()) { // RabbitMQ returns before it confirms
            throw new IllegalStateException("No queue audience.jobs: run `audience setup`, or start a worker.");
        }
    }

    static void await(BlockingQueue<String> events, List<String> jobs) throws InterruptedException {
        Set<Name> waiting = new HashSet<>();
        jobs.forEach(job -> waiting.add(Name.of(JsonParser.parseString(job).getAsJsonObject(), "id")));
        Set<Name> mine = Set.copyOf(waiting);
        Set<String> seen = new HashSet<>();
        while (!waiting.isEmpty()) {
            String body = events.poll(60, TimeUnit.SECONDS);
            if (body == null) {
                throw new IllegalStateException("No event within 60 s: see that a worker runs.");
            }
            JsonObject event = JsonParser.parseString(body).getAsJsonObject();
            Name job = Name.of(event.getAsJsonObject("data"), "job_id");
            if (mine.contains(job) && seen.add(event.get("id").getAsString())) { // else another's, or a repeat
                System.out.println(body);
                waiting.remove(job);
            }
        }
    }
}
