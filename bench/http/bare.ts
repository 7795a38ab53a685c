// Bare Fastify, the floor: nothing but a route that says hello, and routes that send what the files have which are given as
// `/path=file`, from buffers. Prints its URL.

import { readFileSync } from 'node:fs'
import Fastify from 'fastify'

const app = Fastify()
app.get('/', (_request, reply) => {
  reply.send({ hello: 'world' })
})
for (const given of process.argv.slice(2)) {
  const [path = '', file = ''] = given.split('=')
  const bytes = readFileSync(file)
  app.get(path, (_request, reply) => {
    reply.header('content-type', 'application/json; charset=utf-8').send(bytes)
  })
}
console.log(await app.listen({ host: '127.0.0.1', port: 0 }))
