// node e2e/screens.mjs [FOLDER [NAME…]]: pictures of the main screens at 360, 768 and 1366, of a sale on its way through the city.
// Uses the city that CITY names, or brings one up for itself.
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launch, paper, Person, photo, readCity } from './lib.mjs'
import { lighter } from './png.mjs'
import { apply, confirm, item, openCase } from './sale.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const folder = resolve(process.argv[2] ?? join(here, '../docs/screens')), only = process.argv.slice(3)
const widths = [360, 768, 1366], limit = 150 * 1024
mkdirSync(folder, { recursive: true })

/** shot takes the page at each width, a little longer than a phone's glass. */
async function shot(p, name) {
  if (only.length && !only.includes(name)) { return }
  for (const width of [360, 1366]) { // before the first picture: taking one leaves marks in the page
    await p.turn(width)
    await p.check().catch(e => { found.push(e.message); console.error(e.message) })
  }
  for (const width of widths) {
    const high = width === 360 ? 1100 : width === 768 ? 1024 : 900
    await p.page.setViewportSize({ width, height: high })
    await p.page.evaluate(() => { document.activeElement?.blur(); scrollTo(0, 0) })
    const path = join(folder, `${name}-${width}.png`)
    const height = Math.min(high, await p.page.evaluate(() => document.documentElement.scrollHeight))
    const picture = lighter(await p.page.screenshot({ clip: { x: 0, y: 0, width, height: Math.max(height, 480) }, animations: 'disabled' }))
    writeFileSync(path, picture)
    const size = picture.length
    console.log(`${name}-${width}.png ${Math.round(size / 1024)} KB${size > limit ? ', too heavy' : ''}`)
  }
  await p.turn(360)
}

/** part goes on with the other screens when one of them does not come. */
const failed = [], found = []
async function part(name, run) {
  const t = Date.now()
  try { await run() } catch (e) {
    failed.push(name)
    console.error(`${name}: ${e.message.split('\n').slice(0, 12).join('\n')}`)
  }
  console.error(`${name} took ${Math.round((Date.now() - t) / 1000)} s`)
}

async function freePorts() {
  const free = port => new Promise(done => {
    const s = createServer().once('error', () => done(false)).listen(port, '127.0.0.1', () => s.close(() => done(true)))
  })
  for (let base = 41000; base < 60000; base += 5) {
    if ((await Promise.all([0, 1, 2, 3, 4].map(n => free(base + n)))).every(Boolean)) { return base }
  }
  throw new Error('no five free ports in a row')
}

/** bringUp starts a city in a folder of its own. */
async function bringUp() {
  const data = mkdtempSync(join(tmpdir(), 'yichuang-screens-'))
  chmodSync(data, 0o755)
  const child = spawn(join(here, '../bin/yichuang'), ['city', '--port', String(await freePorts()), '--data', data], { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = new Promise(done => child.once('exit', code => done(code ?? 1)))
  const stop = async () => { child.kill('SIGTERM'); await ended; rmSync(data, { recursive: true, force: true }) }
  const file = join(data, 'city.json')
  for (let n = 0; !existsSync(file); n++) {
    const code = await Promise.race([ended, new Promise(done => setTimeout(done, 500))])
    if (code !== undefined || n > 400) { await stop(); throw new Error('the city did not come up; is bin/yichuang built?') }
  }
  return { file, stop }
}

const own = process.env.CITY ? null : await bringUp()
const city = readCity(own?.file ?? process.env.CITY)
const browser = await launch()
const face = await photo(browser), certificate = await paper(browser)
const come = site => Person.come(browser, site, { width: 360 })
const citizen = async account => (await come(city.hall)).signIn(account)
const worker = async login => (await come(city.office)).signInAsStaff(city.staff(login))

try {
  await part('public pages', async () => {
    const p = await come(city.hall)
    for (const [name, path] of [['home', '/'], ['items', '/items'], ['guide', '/items/existing-home-sale-mortgage'], ['login', '/login']]) {
      await p.open(path)
      await shot(p, name)
    }
    await p.page.goto('/a11y?mode=elder')
    await p.open('/')
    await shot(p, 'home-elder')
    await p.leave()
  })

  // departments hold their answers back until the queues were drawn
  const slow = ['housing.contract.result', 'registry.survey.result', 'tax.assessment.result', 'bank.loan.result']
  for (const operation of slow) { await city.fault({ system: '*', operation, defects: ['silent'] }) }

  await part('a draft of two buyers', async () => {
    const deal = city.deal('2611-00841'), p = await citizen(deal.sellers[0])
    await p.open(item)
    await p.tickAll()
    await p.press('同意并开始')
    const list = p.page.url().replace(/\/home.*/, '')
    await p.type({ 不动产权证号: deal.certificate.replace(/\d{7}号/, '号'), 权利人证件号码: deal.sellers[0].idno.slice(0, 17) })
    await p.press('查找房屋')
    await shot(p, 'home-error')
    await p.type({ 不动产权证号: deal.certificate, 权利人姓名: deal.sellers[0].name, 权利人证件号码: deal.sellers[0].idno })
    await p.press('查找房屋')
    await p.until(/是这套房，继续/)
    await p.press('是这套房，继续')
    await p.type({ 网签合同号: deal.contract })
    await p.press('导入合同')
    await p.until(/签订日期/)
    await p.press('保存并继续')
    await p.choose({ 买方怎么共有: '按份共有' })
    const shares = p.page.getByRole('group', { name: '按份共有的，各人的份额' }).getByRole('textbox')
    await shares.nth(0).fill('1/3')
    await shares.nth(1).fill('1/3')
    await p.press('保存并继续')
    await p.page.getByRole('alert').waitFor()
    await shot(p, 'parties-error')
    await shares.nth(1).fill('2/3')
    await p.press('保存并继续')
    await p.choose({ 这是卖方家庭唯一的住房吗: '是', 卖方能提供购房原值的凭证吗: '否' })
    await p.press('保存并继续')
    await p.page.goto(list)
    await shot(p, 'tasklist')
    await p.open('/me')
    await shot(p, 'me')
    await p.leave()
  })

  const sales = {}
  await part('the sale', async () => {
    const deal = city.deal('2611-00822'), seller = await citizen(deal.sellers[0])
    const pictures = ['materials', 'check', 'sent']
    await apply(seller, deal, { face, at: async n => pictures.includes(n) && shot(seller, n) })
    sales.seller = seller
    for (const who of [...deal.sellers.slice(1), ...deal.buyers]) {
      const p = await citizen(who)
      await confirm(p, { face, at: async n => n === 'confirm' && who === deal.buyers[0] && shot(p, 'confirm') })
      sales.buyer = p
    }
    await openCase(seller)
  })

  for (const contract of ['', '2611-00882', '2611-00862', '2611-00842']) {
    await part(`the sale ${contract || 'without an online contract'}`, async () => {
      const deal = contract ? city.deal(contract) : city.privately('desk'), seller = await citizen(deal.sellers[0])
      if (contract === '2611-00882') {
        await city.control('/decisions', { system: 'housing/321282', operation: 'housing.contract.push', outcome: 'correct', reason: '合同缺第 3 页',
          detail: { materials: [{ materialCode: 'M-05', reason: '第 3 页缺失，请把合同拍全' }] } })
      }
      await apply(seller, deal, { face, certificate })
      for (const who of [...deal.sellers.slice(1), ...deal.spouses ?? [], ...deal.buyers]) {
        const p = await citizen(who)
        await confirm(p, { face })
        await p.leave()
      }
      sales[contract] = seller
    })
  }

  await part('the queue', async () => {
    const p = await worker('city.leader')
    await p.until(/TZ-/, { path: '/w/queue/external', within: 90_000 })
    await shot(p, 'queue')
    await p.open('/w/lead')
    await shot(p, 'lead')
    await p.leave()
  })

  await part('the case', async () => {
    const p = await worker('taixing.survey1')
    await p.until(/办理权籍调查/, { path: '/w/queue/pool', within: 90_000 })
    await p.press('办下一件')
    await shot(p, 'case')
    await p.open('/w')
    await shot(p, 'day')
    await p.press('TZ-')
    await p.press('登记簿')
    await p.press('打开登记簿页')
    await shot(p, 'book-page')
    await p.leave()
  })

  for (const operation of slow) { await city.fault({ system: '*', operation }, 'DELETE') }

  await part('the administrator', async () => {
    const p = await worker('city.admin')
    for (const [name, path] of [['admin-health', '/admin'], ['admin-endpoints', '/admin/endpoints'], ['admin-calls', '/admin/calls']]) {
      await p.open(path)
      await shot(p, name)
    }
    await p.leave()
  })

  await part('the correction', async () => {
    const p = sales['2611-00882']
    await p.until(/补/, { path: '/me', within: 120_000 })
    await p.press(/补/)
    await p.until(/补交材料/)
    await shot(p, 'fix')
  })

  await part('the progress', async () => {
    const { seller, buyer } = sales
    const own = new URL(seller.page.url()).pathname
    await seller.until(/确认税额/, { path: own, within: 240_000 })
    await shot(seller, 'progress')
    await seller.press('确认税额')
    await shot(seller, 'tax')
    await seller.press('确认税额')
    await openCase(buyer)
    const theirs = new URL(buyer.page.url()).pathname
    await buyer.until(/确认税额/, { path: theirs, within: 60_000 })
    await buyer.open(own + '/tax').catch(() => buyer.press('确认税额'))
    await buyer.page.getByRole('button', { name: '确认税额' }).click()
    await buyer.until(/去缴费|缴/, { path: theirs + '/pay', within: 120_000 })
    await buyer.press(/缴费/)
    await shot(buyer, 'pay')
    await buyer.open('/book')
    await buyer.press('选择时间')
    await shot(buyer, 'book')
  })
} finally {
  await browser.close()
  await own?.stop()
}
if (failed.length) { console.error(`not taken: ${failed.join(', ')}`) }
if (found.length) { console.error(`${found.length} pages with faults`) }
process.exit(failed.length + found.length ? 1 : 0)
