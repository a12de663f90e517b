// Clerks work by keyboard: sign-in, empty queues, an order taken and decided with four keys, and what others may not see.
import { after, before, test } from 'node:test'
import { strict as assert } from 'node:assert'
import { launch, Person, readCity } from './lib.mjs'
import { sell } from './sale.mjs'

const city = readCity()
let browser
before(async () => { browser = await launch() })
after(() => browser?.close())

const come = async (t, login, how = { width: 1366 }) => {
  const p = await Person.come(browser, city.office, how)
  t.after(() => p.leave())
  return login ? p.signInAsStaff(city.staff(login)) : p
}

/** key presses a key and waits for the page that comes. */
const key = async (p, name) => {
  await Promise.all([p.page.waitForNavigation(), p.page.keyboard.press(name)])
  await p.page.waitForLoadState('load')
}

test('a wrong password is refused without saying what was wrong', { timeout: 90_000 }, async t => {
  const p = await come(t)
  const said = []
  for (const [login, password] of [[city.staff('jiangyan.window1').login, 'not the password'], ['nobody.at.all', 'not the password']]) {
    await p.open('/login')
    assert.equal(await p.page.evaluate(() => document.activeElement.id), 'login', 'typing can begin at once')
    await p.page.getByLabel('工号').fill(login)
    await p.page.getByLabel('密码').fill(password)
    await p.press('登录')
    await p.check()
    said.push(await p.page.getByRole('alert').innerText())
  }
  assert.equal(said[0], said[1], 'the page gives away which accounts exist')
})

for (const [who, login] of [['clerk of the window', 'jiangyan.window1'], ['first reviewer', 'jiangyan.first1']]) {
  test(`a ${who} without work is told so`, { timeout: 180_000 }, async t => {
    const p = await come(t, login)
    assert.match(await p.heading(), /今天$/)
    await p.check()
    for (const [view, words] of [['mine', '您名下没有待办'], ['pool', '没有待领的办件'], ['overdue', '都在时限内'], ['waiting', '没有'], ['external', '没有'], ['today', '还没有办结']]) {
      await p.open(`/w/queue/${view}`)
      assert.ok((await p.text()).includes(words), `${view}: ${await p.text()}`)
      assert.equal(await p.page.getByRole('navigation', { name: '待办的视图' }).or(p.page.getByRole('tablist')).or(p.page.getByRole('list', { name: '待办的视图' })).count(), 1, 'the views are named')
      await p.check()
    }
    await key(p, 'n')
    assert.match(await p.page.getByRole('status').first().innerText(), /没有待办了/)
    for (const path of login.includes('window') ? ['/w/accept', '/w/issue', '/w/search'] : ['/w/search']) {
      await p.open(path)
      for (const width of [768, 1366]) { await p.turn(width); await p.check() }
    }
  })
}

test('who has not the right is told so, and nothing else', { timeout: 90_000 }, async t => {
  const p = await come(t, 'jiangyan.window1')
  for (const path of ['/admin', '/admin/endpoints', '/w/lead']) {
    const res = await p.page.goto(path)
    assert.equal(res.status(), 403, path)
    await p.check()
  }
  assert.equal((await p.page.goto('/w/case/TZ-261124-00001-1')).status(), 404, 'a case that is not there')
  await p.check()
})

test('the administrator sees the systems, and no case', { timeout: 90_000 }, async t => {
  const p = await come(t, 'city.admin')
  for (const path of ['/admin', '/admin/ferry', '/admin/endpoints', '/admin/calls']) {
    await p.open(path)
    await p.check()
  }
  assert.equal((await p.page.goto('/w/queue/pool')).status(), 403)
})

test('a surveyor decides an order of a district without a system by keyboard alone', { timeout: 240_000 }, async t => {
  await sell(browser, city, city.privately('desk'), { width: 360 }).then(({ seller }) => seller.leave())
  const p = await come(t, 'taixing.survey1')
  await p.until(/办理权籍调查/, { path: '/w/queue/pool', within: 90_000 })
  await p.check()
  await p.page.keyboard.press('j')
  assert.match(await p.page.evaluate(() => document.activeElement.textContent), /^TZ-\d{6}-/, 'j goes to the first row')

  await p.press('筛选')
  await p.check()
  await p.open('/w/queue/pool?no=TZ-261124-00001-2')
  assert.match(await p.page.getByRole('alert').innerText(), /办件编号不对/)

  await p.open('/w/queue/pool')
  await key(p, '?')
  assert.equal(await p.heading(), '快捷键')
  await p.check()
  await p.press('关闭单个字母的快捷键')
  await p.open('/w/queue/pool')
  await p.page.keyboard.press('n')
  assert.equal(p.path(), '/w/queue/pool', 'a single letter does nothing when it was switched off')
  await p.open('/w/keys')
  await p.press('打开单个字母的快捷键')

  await p.open('/w/queue/pool')
  await key(p, 'n')
  const order = p.path()
  for (const name of ['流程图', '相关办件', '消息']) {
    await p.open(order)
    await p.press(name)
    await p.check()
  }
  await p.open(order)
  await key(p, 'd')
  await p.page.getByLabel('理由').fill('界址有争议')
  await key(p, 'Control+Enter')
  assert.match(await p.page.getByRole('alert').innerText(), /请选择不予通过的依据/, 'a refusal names its ground')
  assert.equal(await p.page.getByLabel('理由').inputValue(), '界址有争议', 'nothing that was typed is lost')
  await p.check()
  await p.open('/w/queue/pool')

  let keys = 0
  for (const name of ['n', 'a', 'Control+Enter']) {
    await key(p, name)
    await p.check()
    keys++
    if (name === 'n') { assert.match(await p.text(), /办理权籍调查/) }
    if (name === 'a') { assert.match(await p.text(), /办理权籍调查：通过/) }
  }
  assert.ok(keys <= 4)
  await p.open('/w/queue/today')
  assert.match(await p.text(), /TZ-\d{6}-/, 'it stands among what was done today')
})
