// The accept path in Node: Fastify in front of BullMQ, each as its guide for production has it.
//
//   PORT        where to listen on loopback
//   REDIS_PORT  Redis on loopback

import { Queue } from 'bullmq'
import Fastify from 'fastify'

// "Going to production" of BullMQ: a producer fails at once rather than waits, and finished jobs do not pile up
const queue = new Queue('sends', {
  connection: { host: '127.0.0.1', port: Number(process.env.REDIS_PORT), enableOfflineQueue: false },
  defaultJobOptions: { removeOnComplete: { age: 3600, count: 1000 }, removeOnFail: { age: 24 * 3600 } }
})

const body = {
  type: 'object',
  required: ['to', 'type', 'text'],
  additionalProperties: false,
  properties: {
    to: { type: 'string' },
    type: { const: 'text' },
    text: { type: 'object', required: ['body'], properties: { body: { type: 'string', maxLength: 65536 } } }
  }
}
const accepted = {
  type: 'object',
  properties: { id: { type: 'string' }, status: { type: 'string' }, session: { type: 'string' }, to: { type: 'string' } }
}

const server = Fastify()
server.post('/api/v1/sessions/:session/messages', { schema: { body, response: { 202: accepted } } }, async (request, reply) => {
  const { session } = request.params
  const job = await queue.add('send', { session, ...request.body })
  reply.code(202)
  return { id: job.id, status: 'accepted', session, to: request.body.to }
})

await queue.waitUntilReady()
await server.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
// the one who started us has gone
process.stdin.resume().on('end', () => process.exit(0))
process.on('SIGTERM', () => process.exit(0))
