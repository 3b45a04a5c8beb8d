// The usual way to tell webhooks of events: a BullMQ queue and a worker that posts each job, signed by the Standard
// Webhooks specification, over connections that fetch keeps open. Reads "add N" and "work" on standard input.
//
//   REDIS_PORT  Redis on loopback
//   AT_ONCE     jobs under way at a time
//   URL         where to post
//   TEXT        what messages say

import { createHmac, randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import { Queue, Worker } from 'bullmq'

const { REDIS_PORT, AT_ONCE, URL, TEXT } = process.env
const connection = { host: '127.0.0.1', port: Number(REDIS_PORT) }
const secret = randomBytes(32)

const queue = new Queue('events', {
  connection: { ...connection, enableOfflineQueue: false },
  defaultJobOptions: {
    attempts: 10,
    backoff: { type: 'exponential', delay: 5000 },
    removeOnComplete: { age: 3600, count: 1000 },
    removeOnFail: { age: 24 * 3600 }
  }
})

const event = n => {
  const time = new Date().toISOString()
  const pn = `62812${String(n % 1000).padStart(8, '0')}`
  return {
    id: `evt_${String(n).padStart(26, '0')}`,
    type: 'message.received',
    api_version: 'v1',
    workspace: 'ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G',
    session: 'ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G',
    time,
    data: {
      id: `msg_${String(n).padStart(26, '0')}`,
      session: 'ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G',
      direction: 'in',
      chat: { id: `${pn}@s.whatsapp.net`, type: 'person' },
      contact: { id: 'con_01JZZZ6E5R4Q3P2N1M0K9J8H7G', pn: `+${pn}`, lid: null, push_name: 'Budi' },
      stanza_id: '3EB0C767D71E8A4F5B2C',
      type: 'text',
      text: { body: TEXT },
      status: 'received',
      times: { received: time },
      at: time
    }
  }
}

const post = async job => {
  const body = JSON.stringify(job.data)
  const seconds = Math.floor(Date.now() / 1000)
  const signature = createHmac('sha256', secret).update(`${job.data.id}.${seconds}.${body}`).digest('base64')
  const answer = await fetch(URL, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': job.data.id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': `v1,${signature}`
    },
    body,
    signal: AbortSignal.timeout(15_000)
  })
  await answer.arrayBuffer()
  if (!answer.ok) throw new Error(`answered ${answer.status}`)
}

const actions = {
  async add(count) {
    for (let first = 0; first < count; first += 1000) {
      const many = Array.from({ length: Math.min(1000, count - first) }, (_, n) => ({ name: 'event', data: event(first + n) }))
      await queue.addBulk(many)
    }
    console.log('added')
  },
  async work() {
    // a worker for ever tries to reach Redis again
    const worker = new Worker('events', post, {
      connection: { ...connection, maxRetriesPerRequest: null },
      concurrency: Number(AT_ONCE)
    })
    worker.on('failed', (_, error) => console.error(error))
  }
}

await queue.waitUntilReady()
console.log('ready')
process.on('SIGTERM', () => process.exit(0))
for await (const line of createInterface({ input: process.stdin })) {
  const [what, count] = line.split(' ')
  await actions[what](Number(count))
}
process.exit(0)
