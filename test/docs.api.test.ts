// The page of the HTTP API is what a hub says of itself.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { apiPage, type OpenApi } from '../scripts/api-page.ts'
import { testHub } from './hubs.ts'

it('docs/API.md is what scripts/api-page.ts makes of a hub (run it when this fails)', async () => {
  const hub = await testHub({})
  try {
    const document = (await (await fetch(`${hub.url}/openapi.json`)).json()) as OpenApi
    const page = readFileSync(join(import.meta.dirname, '../docs/API.md'), 'utf8')
    expect(page).toBe(apiPage(document))
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `### \`${method.toUpperCase()} ${path}\``),
    )
    expect(routes.filter((route) => !page.includes(route))).toEqual([])
  } finally {
    await hub.stop()
  }
})
