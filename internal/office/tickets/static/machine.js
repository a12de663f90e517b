/* machine.js: what the ticket machine and the board do by themselves. ES5; without it both work by hand or by refresh. */
(function (w, d) {
'use strict';
var km = d.querySelector('.km'), input = d.getElementById('card'), idle = km && parseInt(km.getAttribute('data-idle'), 10), last = +new Date(), spoken = null, seen = +new Date(), at = '';
/* only a page that answers is opened: a machine must not end on the browser's own error page */
function go(url) {
  var x = new XMLHttpRequest();
  x.open('GET', url);
  x.onload = function () { if (x.status === 200) { w.location.replace(url); } };
  x.send();
}
function touched() { last = +new Date(); }
if (km) {
  d.addEventListener('keydown', touched, false); d.addEventListener('click', touched, false);
  d.addEventListener('click', function (e) {
    var k = e.target.getAttribute && e.target.getAttribute('data-type');
    if (input && k !== null && e.target.type === 'button') { input.value = k ? input.value + k : input.value.slice(0, -1); }
    if (input && e.target !== input) { input.focus(); }
  }, false);
  if (km.getAttribute('data-print')) { setTimeout(function () { w.print(); }, 300); }
  setInterval(function () { if (new Date() - last > (idle || 300) * 1000) { touched(); go(km.getAttribute('data-home')); } }, 1000);
}
function board() {
  var top = d.querySelector('#board header'), off = d.getElementById('offline'), call = top && top.getAttribute('data-call'), u, n;
  if (!top) { return; }
  if (top.getAttribute('data-at') !== at) { at = top.getAttribute('data-at'); seen = +new Date(); }
  off.className = 'bd__off noprint note note--red' + (new Date() - seen > 150000 ? ' on' : '');
  off.textContent = new Date() - seen > 150000 ? '数据停在 ' + at + '，正在重新连接。请听窗口叫号' : '';
  if (call && spoken !== null && call !== spoken && w.speechSynthesis) {
    for (n = 0; n < 2; n++) { u = new w.SpeechSynthesisUtterance(top.getAttribute('data-say')); u.lang = 'zh-CN'; w.speechSynthesis.speak(u); }
  }
  spoken = call;
}
if (d.getElementById('board')) {
  board(); setInterval(board, 1000);
  setInterval(function () { if (new Date() - seen > 150000 || new Date() - last > 600000) { touched(); go(w.location.href.split('#')[0]); } }, 30000);
}
})(window, document);
