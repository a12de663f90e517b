// The console of the browser stays silent: no page breaks the content policy, no script fails, nothing that it loads is missing.
// The other journeys go round the policy, for axe is injected; this one does not.
import { after, before, test } from 'node:test'
import { strict as assert } from 'node:assert'
import { launch, readCity } from './lib.mjs'

const city = readCity()
const deal = city.deal(city.example('free').contract)
let browser
before(async () => { browser = await launch() })
after(() => browser?.close())

/** listen opens a window with the policy in force and collects what its console and its requests complain of. */
async function listen(t, site) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', baseURL: site })
  t.after(() => context.close())
  context.setDefaultTimeout(60_000)
  context.setDefaultNavigationTimeout(60_000)
  const page = await context.newPage(), said = []
  const say = words => { if (page.url().startsWith(site)) { said.push(`${page.url()}: ${words}`) } } // not of the provider's pages
  page.on('console', m => { if (['error', 'warning'].includes(m.type())) { say(m.text()) } })
  page.on('pageerror', e => say(e.message))
  return { page, said }
}

const open = async (page, path) => { await page.goto(path); await page.waitForLoadState('networkidle') }
const press = async (page, name) => {
  await page.getByRole('button', { name }).or(page.getByRole('link', { name })).first().click()
  await page.waitForLoadState('load')
}

test('the policy is in force and is what stays silent', async t => {
  const { page, said } = await listen(t, city.hall)
  await open(page, '/')
  await page.evaluate(() => { document.body.insertAdjacentHTML('beforeend', '<p style="color:red">x</p>') })
  await page.waitForTimeout(200)
  assert.equal(said.length, 1, `an inline style is reported once: ${said}`)
})

test('a citizen’s walk', { timeout: 180_000 }, async t => {
  const { page, said } = await listen(t, city.hall)
  for (const path of ['/', '/items', '/items/existing-home-sale-mortgage', '/verify', '/halls', '/help', '/a11y', '/login']) { await open(page, path) }
  await press(page, '用江苏政务服务账号登录')
  await page.getByLabel('手机号或身份证号码').fill(deal.sellers[0].login)
  await page.getByLabel('密码').fill(deal.sellers[0].password)
  await press(page, '登录')
  await page.getByRole('button', { name: '退出' }).waitFor()
  for (const path of ['/me', '/inbox', '/bookings', '/apply/existing-home-sale-mortgage']) { await open(page, path) }
  const boxes = page.getByRole('main').getByRole('checkbox')
  for (let i = 0, n = await boxes.count(); i < n; i++) { await boxes.nth(i).check() }
  await press(page, '同意并开始')
  const app = new URL(page.url()).pathname.split('/').slice(0, 3).join('/')
  await page.getByLabel('不动产权证号').first().fill(deal.certificate)
  await press(page, '查找房屋')
  await page.getByRole('button', { name: '是这套房' }).click({ timeout: 60_000 }) // the waiting page hears of the answer by itself
  for (const path of ['', '/contract', '/parties', '/tax', '/trust', '/loan', '/utilities', '/materials', '/delivery', '/check']) {
    const at = app + path
    await page.goto(at)
    await page.waitForLoadState('load')
  }
  await open(page, app + '/tax')
  const radios = page.getByRole('main').getByRole('radio')
  for (let i = 0, n = await radios.count(); i < n; i++) { await radios.nth(i).check() } // each asks for the estimate anew
  await page.waitForTimeout(1500)
  assert.deepEqual(said, [])
})

for (const [who, paths] of [['hailing.window1', ['/w', '/w/queue/mine', '/w/queue/pool', '/w/counter', '/w/accept', '/w/issue', '/w/search', '/password']],
  ['hailing.kiosk', ['/kiosk', '/kiosk/321202-1', '/board/321202-1']],
  ['hailing.window.leader', ['/w', '/w/lead', '/w/queue/overdue']], ['city.admin', ['/admin', '/admin/endpoints', '/admin/calls', '/admin/ferry']]]) {
  test(`the walk of ${who}`, { timeout: 120_000 }, async t => {
    const { page, said } = await listen(t, city.office)
    await open(page, '/login')
    await page.getByLabel('工号').fill(city.staff(who).login)
    await page.getByLabel('密码').fill(city.staff(who).password)
    await press(page, '登录')
    for (const path of paths) { await open(page, path) }
    assert.deepEqual(said, [])
  })
}
