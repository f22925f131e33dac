// How does a Go program send jobs to RabbitMQ, and hear of their ends?
//
//	AUDIENCE_BROKER_URL=amqp://user:password@host/%2F go run main.go jobs.jsonl
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// name is what a job is known by: its provider, its account and its id.
type name struct{ Provider, Account, ID string }

type event struct {
	ID   string
	Data struct {
		Provider, Account string
		JobID             string `json:"job_id"`
	}
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	check(err)
	connection, err := amqp.Dial(os.Getenv("AUDIENCE_BROKER_URL"))
	check(err)
	defer connection.Close()
	channel, err := connection.Channel()
	check(err)

	queue, err := channel.QueueDeclare("", false, true, true, false, nil) // exclusive, gone with this connection
	check(err)
	// Before the first job, so that no event is missed.
	check(channel.QueueBind(queue.Name, "#", "audience.results", false, nil))
	deliveries, err := channel.Consume(queue.Name, "", true, true, false, false, nil)
	check(err)
	wait(deliveries, publish(channel, strings.Split(strings.TrimSpace(string(text)), "\n")))
}

// publish ends the program unless every job lies on the queue.
func publish(channel *amqp.Channel, lines []string) map[name]bool {
	check(channel.Confirm(false))
	returned := channel.NotifyReturn(make(chan amqp.Return, len(lines)))
	sent := map[name]bool{}
	for _, line := range lines {
		message := amqp.Publishing{ContentType: "application/json", DeliveryMode: amqp.Persistent, Body: []byte(line)}
		confirm, err := channel.PublishWithDeferredConfirmWithContext(
			context.Background(), "", "audience.jobs", true, false, message)
		check(err)
		if !confirm.Wait() || len(returned) > 0 { // what no queue took is returned before it is confirmed
			log.Fatal("The job was not taken: run `audience setup`, or start a worker.")
		}
		var job name
		check(json.Unmarshal([]byte(line), &job))
		sent[job] = true
	}
	return sent
}

func wait(deliveries <-chan amqp.Delivery, mine map[name]bool) {
	answered, seen := map[name]bool{}, map[string]bool{}
	for len(answered) < len(mine) {
		select {
		case delivery := <-deliveries:
			var heard event
			check(json.Unmarshal(delivery.Body, &heard))
			of := name{heard.Data.Provider, heard.Data.Account, heard.Data.JobID}
			if !mine[of] || seen[heard.ID] {
				continue // of another producer; or a repeat, which has the same id
			}
			seen[heard.ID], answered[of] = true, true
			fmt.Println(string(delivery.Body))
		case <-time.After(time.Minute):
			log.Fatal("No event within a minute: see that a worker runs.")
		}
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
