package application_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"

	"yichuang/internal/hall/application"
	"yichuang/internal/kit/sm"
	"yichuang/internal/kit/web/webtest"
)

// huge is the head of a PNG that claims to be w × h pixels.
func huge(w, h uint32) []byte {
	chunk := func(kind string, body []byte) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
		b = append(append(b, kind...), body...)
		return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
	}
	head := binary.BigEndian.AppendUint32(nil, w)
	head = append(binary.BigEndian.AppendUint32(head, h), 8, 0, 0, 0, 0)
	return append(append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", head)...), append(chunk("IDAT", []byte{0x78, 0x9c, 0x03, 0, 0, 0, 0, 1}), chunk("IEND", nil)...)...)
}

// pdf is a PDF of one empty page.
func pdf() []byte {
	objects := []string{"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Resources << >> >>"}
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	var offsets []int
	for i, o := range objects {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, xref)
	return b.Bytes()
}

func locked(t *testing.T, plain []byte) []byte {
	t.Helper()
	api.DisableConfigDir()
	var b bytes.Buffer
	if err := api.Encrypt(bytes.NewReader(plain), &b, model.NewAESConfiguration("secret", "owner", 256)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// asksMarriage is an application whose first seller's marriage is not on file, with the materials page open.
func (h *hall) asksMarriage(t *testing.T) (*person, string, *webtest.Page) {
	t.Helper()
	k := h.contractOf(oneLoan)
	h.office.unfiled[k.Sellers[0].Document.Number] = true
	p := h.holder(k.Buyers[0])
	id := p.upTo(t, k, "contract")
	p.Get("/app/"+id+"/contract").Submit("导入合同", url.Values{"contract.number": {k.Number}}).Submit("保存并继续", nil)
	p.fillMissing(id, nil)
	page := sound(t, p.Get("/app/"+id+"/materials"))
	if byID(page, "m-M-04-s1") == nil {
		t.Fatalf("marriage is not asked for: %s", page.Text())
	}
	return p, id, page
}

func TestHostileFilesGetTheirSentence(t *testing.T) {
	h := newHall(t)
	p, id, page := h.asksMarriage(t)
	big := append(photo(100, 100), make([]byte, 21<<20)...)
	whole := pdf()
	for _, tt := range []struct {
		name string
		file webtest.File
		says string
	}{
		{"none", webtest.File{}, "请先选择文件"},
		{"a program named .jpg", webtest.File{Name: "结婚证.jpg", Data: append([]byte("MZ\x90\x00\x03"), make([]byte, 3000)...)}, "这个文件不是图片或 PDF（看内容，不看文件名）。请上传 JPG、PNG 或 PDF"},
		{"a web page", webtest.File{Name: "a.pdf", Data: []byte("<html><script>alert(1)</script></html>")}, "这个文件不是图片或 PDF（看内容，不看文件名）。请上传 JPG、PNG 或 PDF"},
		{"0 bytes", webtest.File{Name: "a.jpg"}, "这个文件是空的，请重新选择"},
		{"21 MB", webtest.File{Name: "a.jpg", Data: big}, "这个文件 21.0 MB，超过 20 MB。请用手机重拍，或分成几个文件"},
		{"a truncated JPEG", webtest.File{Name: "a.jpg", Data: photo(300, 300)[:200]}, "这个文件不完整，打不开。请重新导出或重拍后再传"},
		{"a truncated PDF", webtest.File{Name: "a.pdf", Data: whole[:len(whole)/2]}, "这个文件不完整，打不开。请重新导出或重拍后再传"},
		{"a PDF with a password", webtest.File{Name: "a.pdf", Data: locked(t, whole)}, "这个 PDF 有密码。请去掉密码后再传，或打印后拍照"},
		{"20,000 × 20,000 pixels", webtest.File{Name: "a.png", Data: huge(20_000, 20_000)}, "这张图片 20000×20000，太大了。请缩小后再传"},
	} {
		got := sound(t, page.Upload("上传", tt.file))
		if got.Status != 422 || errorAt(got, "m-M-04-s1") != tt.says {
			t.Errorf("%s: %d %q, want %q", tt.name, got.Status, errorsOf(got), tt.says)
		}
	}
	if files, err := h.room.Uploads.List(t.Context(), h.pool, mustID(t, id), ""); err != nil || len(files) != 0 {
		t.Errorf("refused files are kept: %v %v", files, err)
	}
	good := webtest.File{Name: `C:\照片\..\结婚证.jpg`, Data: photo(640, 480)}
	page = sound(t, page.Upload("上传", good))
	if page.Status != 200 || !page.Has("SM3 "+sm.SM3Hex(good.Data)[:8]) {
		t.Fatalf("a good file: %d %q %s", page.Status, errorsOf(page), page.Text())
	}
	if again := sound(t, page.Upload("上传", good)); again.Status != 422 || errorAt(again, "m-M-04-s1") != "这个文件已经传过了，不用再传" {
		t.Errorf("the same file twice: %d %q", again.Status, errorsOf(again))
	}
	for n := range 3 { // M-04 has at most four pages
		page = page.Upload("上传", webtest.File{Name: "a.jpg", Data: photo(200+n, 200)})
	}
	if more := page.Upload("上传", webtest.File{Name: "b.pdf", Data: whole}); more.Status != 422 || errorAt(more, "m-M-04-s1") != "这项材料最多 4 个文件" {
		t.Errorf("a fifth file: %d %q", more.Status, errorsOf(more))
	}
	page = page.Submit("删除", nil)
	if page = page.Upload("上传", webtest.File{Name: "b.pdf", Data: whole}); page.Status != 200 {
		t.Errorf("a PDF after one was removed: %d %q", page.Status, errorsOf(page))
	}
	if next := p.Get("/app/"+id+"/materials").Submit("保存并继续", nil); next.URL.Path != "/app/"+id+"/delivery" {
		t.Errorf("after the materials: %s %q", next.URL, errorsOf(next))
	}
}

func TestMissingMaterialSaysWhy(t *testing.T) {
	h := newHall(t)
	p, id, page := h.asksMarriage(t)
	seller := h.app(mustID(t, id)).Form.Parties[0]
	for _, words := range []string{"的婚姻状况证明", "还差", "因为民政部门没有查到婚姻登记信息", "依据：《中华人民共和国民法典》第 1062 条", "无需提交", "来自公安"} {
		if !page.Has(words) {
			t.Errorf("the page does not say %q", words)
		}
	}
	if page.Has(seller.Document.Number) {
		t.Error("the page shows a whole identity number")
	}
	page = sound(t, page.Submit("保存并继续", nil))
	if page.Status != 422 || !strings.HasPrefix(errorAt(page, "m-M-04-s1"), "还差：") {
		t.Errorf("going on without it: %d %q", page.Status, errorsOf(page))
	}
	list := sound(t, p.Get("/app/"+id))
	if !list.Has("还差 1 份") {
		t.Errorf("list: %s", list.Text())
	}
}

func TestFilesAreSeenByThePartiesOnly(t *testing.T) {
	h := newHall(t)
	p, id, page := h.asksMarriage(t)
	page.Upload("上传", webtest.File{Name: "结婚证.jpg", Data: photo(640, 480)})
	files, err := h.room.Uploads.List(t.Context(), h.pool, mustID(t, id), "M-04-s1")
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	href := "/f/" + files[0].ID.String()
	if got := p.Get(href); got.Status != 200 || got.Body != string(photo(640, 480)) || got.Header.Get("Content-Type") != "image/jpeg" || got.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("own file: %d %v", got.Status, got.Header)
	}
	if got := p.Get(href + "/t"); got.Status != 200 || !strings.HasPrefix(got.Header.Get("Content-Type"), "image/") || len(got.Body) > 40_000 {
		t.Errorf("thumbnail: %d %d bytes", got.Status, len(got.Body))
	}
	stranger := somebody(h)
	seller := h.holder(h.contractOf(oneLoan).Sellers[0])
	for name, who := range map[string]*person{"a stranger": stranger, "the seller before it is sent": seller} {
		for _, path := range []string{href, href + "/t", "/f/" + id, "/f/nothing"} {
			if got := who.Get(path); got.Status != 404 {
				t.Errorf("%s gets %s: %d", name, path, got.Status)
			}
		}
	}
	if got := h.site.Browser().Get(href); got.URL.Path != "/webtest/login" {
		t.Errorf("nobody signed in: %s", got.URL)
	}
	other, otherPage := stranger.start(sale)
	got := stranger.Post("/app/"+id+"/m/M-04-s1", withToken(otherPage, url.Values{"del": {files[0].ID.String()}}))
	if got.Status != 404 {
		t.Errorf("a stranger deletes: %d", got.Status)
	}
	if got := stranger.Post("/app/"+other.String()+"/m/M-04-s1", withToken(otherPage, url.Values{"del": {files[0].ID.String()}})); got.Status != 404 {
		t.Errorf("a stranger deletes by his own draft: %d", got.Status)
	}
}

func TestPhoneBringsAPhotoForTheComputer(t *testing.T) {
	h := newHall(t)
	p, id, page := h.asksMarriage(t)
	code := sound(t, page.Click("用手机拍"))
	_, token, ok := strings.Cut(strings.ReplaceAll(code.Body, "<wbr>", ""), "https://hall.example/u/")
	if !ok || !strings.Contains(code.Body, `src="data:image/png;base64,`) {
		t.Fatalf("no code: %s", code.Text())
	}
	token = token[:24]
	phone := h.site.Browser() // nobody is signed in there
	up := sound(t, phone.Get("/u/"+token))
	if !up.Has("婚姻状况证明") || up.Has("2611-") {
		t.Fatalf("phone page: %s", up.Text())
	}
	if bad := sound(t, up.Upload("上传文件", webtest.File{Name: "a.jpg", Data: []byte("not a photo")})); bad.Status != 422 || errorAt(bad, "f") == "" {
		t.Errorf("a bad file by phone: %d %q", bad.Status, errorsOf(bad))
	}
	up = sound(t, up.Upload("上传文件", webtest.File{Name: "IMG_0001.jpg", Data: photo(900, 1200)}))
	if up.Status != 200 || !up.Has("已上传 1 份") {
		t.Fatalf("phone: %d %s", up.Status, up.Text())
	}
	if page = p.Get("/app/" + id + "/materials"); !page.Has("已上传") || page.Has("还差") {
		t.Errorf("computer: %s", page.Text())
	}
	h.clock.Advance(16 * time.Minute)
	if late := phone.Get("/u/" + token); late.Status != 404 || !late.Has("这个码不能用了") {
		t.Errorf("after a quarter of an hour: %d %s", late.Status, late.Text())
	}
	if got := phone.Get("/u/" + token + "x"); got.Status != 404 {
		t.Errorf("a code that was never made: %d", got.Status)
	}
}

// What corrections take goes by the same rules.
func TestUploadsServeOtherRoomsToo(t *testing.T) {
	h := newHall(t)
	_, id, page := h.asksMarriage(t)
	page.Upload("上传", webtest.File{Name: "结婚证.jpg", Data: photo(640, 480)})
	app := mustID(t, id)
	_, err := h.room.Uploads.Take(t.Context(), app, app, "fix-1", nil, 3)
	var fault application.FileFault
	if !errors.As(err, &fault) || fault.ID != "err.file.none" {
		t.Errorf("no file: %v", err)
	}
	files, err := h.room.Uploads.List(t.Context(), h.pool, app, "")
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := h.room.Uploads.Remove(t.Context(), app, "fix-1", files[0].ID); !errors.Is(err, application.ErrNone) {
		t.Errorf("removing from another slot: %v", err)
	}
	if err := h.room.Uploads.Remove(t.Context(), app, "M-04-s1", files[0].ID); err != nil {
		t.Error(err)
	}
	if has, err := h.blobs.Has(t.Context(), files[0].Digest); has || err != nil {
		t.Errorf("the bytes of a removed file are still there: %v %v", has, err)
	}
}
