/* keys.js: staff work by keyboard. ES5; every key has a button or a link that does the same. */
(function (d) {
'use strict';
function all(sel, root) { return Array.prototype.slice.call((root || d).querySelectorAll(sel)); }
function up(el, attr) { while (el && el !== d && !(el.getAttribute && el.getAttribute(attr) !== null)) { el = el.parentNode; } return el === d ? null : el; }
function typing(el) { return !!el && (/^(SELECT|TEXTAREA)$/.test(el.tagName) || (el.tagName === 'INPUT' && !/^(checkbox|radio|button|submit|file)$/.test(el.type))); }
/* keys: data-key="F2", "Ctrl+Enter", "a"; a single letter only while nothing is being typed */
function name(e) { var k = e.key || ''; k = { Esc: 'Escape', Up: 'ArrowUp', Down: 'ArrowDown' }[k] || k; return (e.ctrlKey || e.metaKey ? 'Ctrl+' : '') + (e.altKey ? 'Alt+' : '') + (k.length === 1 ? k.toLowerCase() : k); }
function rows(step) {
  var list = all('table[data-keys] tbody tr'), at = -1, n;
  for (n = 0; n < list.length; n++) { if (/\bnow\b/.test(list[n].className)) { at = n; list[n].className = list[n].className.replace(/ ?\bnow\b/, ''); } }
  if (!list.length) { return; }
  at = Math.max(0, Math.min(list.length - 1, at + step));
  list[at].className += ' now';
  n = list[at].querySelector('a'); if (n) { n.focus(); }
}
/* ticks: one leads to the next, and one may stand for all */
d.addEventListener('change', function (e) {
  var t = e.target, same, at;
  if (t.type !== 'checkbox') { return; }
  same = all('input[type=checkbox]').filter(function (b) { return b.name === t.name; });
  if (t.getAttribute('data-all')) { same.forEach(function (b) { b.checked = t.checked; }); return; }
  at = same.indexOf(t) + 1;
  if (t.getAttribute('data-next') && t.checked && at < same.length) { same[at].focus(); }
}, false);
d.addEventListener('keydown', function (e) {
  var k = name(e), t = e.target, hit, fields, at;
  if (k === 'Enter' && typing(t) && t.tagName !== 'TEXTAREA' && up(t, 'data-enter')) {
    fields = all('input,select,textarea', up(t, 'data-enter')).filter(function (f) { return f.type !== 'hidden' && f.offsetWidth > 0; });
    at = fields.indexOf(t) + 1;
    if (at > 0 && at < fields.length) { e.preventDefault(); fields[at].focus(); return; }
  }
  if (k.length === 1 && (typing(t) || /nokeys/.test(d.documentElement.className))) { return; }
  if (k === 'Escape' && typing(t)) { t.blur(); return; }
  hit = all('[data-key]').filter(function (b) { return b.getAttribute('data-key') === k && b.offsetWidth > 0; })[0];
  if (hit) { e.preventDefault(); hit.click(); return; }
  if (k === 'Escape' && (hit = d.querySelectorAll('.crumb a')).length) { hit[hit.length - 1].click(); return; }
  if (k === 'j' || k === 'k') { rows(k === 'j' ? 1 : -1); }
}, false);
})(document);
