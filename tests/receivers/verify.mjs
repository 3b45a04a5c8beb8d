// npm install standardwebhooks
// WEBHOOK_SECRET=whsec_… PORT=3000 node verify.mjs
import { createServer } from 'node:http'
import { Webhook } from 'standardwebhooks'

const webhook = new Webhook(process.env.WEBHOOK_SECRET)

const server = createServer(async (request, response) => {
  try {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks) // the bytes as they came
    const event = webhook.verify(body, request.headers) // throws, also when it is older than 5 minutes
    console.log(event.id, event.type) // put it into a queue of your own, unless you have seen its id
    response.writeHead(204).end()
  } catch {
    response.writeHead(400).end()
  }
})
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening on', server.address().port))
