// The page on errors and the catalogue of errors say the same.

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { problems } from '../src/core/errors.ts'

it('docs/errors.md lists every error code with its status and title, and no other', () => {
  const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (\d+) \| (.+?) \| (.+?) \|$/gm)]
  expect(rows.map(([, code, status, title]) => [code, Number(status), title])).toEqual(
    Object.entries(problems).map(([code, [status, title]]) => [code, status, title]),
  )
})
