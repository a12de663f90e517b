package wechat

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"yichuang/internal/sim/board"
	"yichuang/internal/sim/pay"
)

const scheme = "WECHATPAY2-SHA256-RSA2048"

// apiError is how WeChat refuses.
type apiError struct {
	Status  int    `json:"-"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (e *apiError) Error() string { return e.Code + " " + e.Message }

// operation answers a request whose signature was checked; a nil answer is 204.
type operation func(r *http.Request, body []byte) (any, error)

// signed checks the merchant's signature, runs the operation and signs the answer.
func (g *Gateway) signed(serve operation) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			g.answer(w, r, http.StatusBadRequest, &apiError{Code: "INVALID_REQUEST", Message: "无法读取请求"})
			return
		}
		var out any
		if err = g.checkRequest(r, body); err == nil {
			out, err = serve(r, body)
		}
		switch e := refusal(err); {
		case e != nil:
			g.answer(w, r, e.Status, e)
		case out == nil:
			g.answer(w, r, http.StatusNoContent, nil)
		default:
			g.answer(w, r, http.StatusOK, out)
		}
	})
}

var authorization = regexp.MustCompile(`(\w+)="([^"]*)"`)

func (g *Gateway) checkRequest(r *http.Request, body []byte) error {
	head := r.Header.Get("Authorization")
	part := map[string]string{}
	for _, m := range authorization.FindAllStringSubmatch(head, -1) {
		part[m[1]] = m[2]
	}
	unsigned := func(why string) error {
		return &apiError{Status: http.StatusUnauthorized, Code: "SIGN_ERROR", Message: why}
	}
	switch {
	case len(head) < len(scheme) || head[:len(scheme)] != scheme:
		return unsigned("Http头Authorization认证类型不正确")
	case part["mchid"] != g.mchID:
		return unsigned("商户号不存在")
	case part["serial_no"] != serial(g.merchant):
		return unsigned("商户证书序列号有误")
	}
	at, err := strconv.ParseInt(part["timestamp"], 10, 64)
	if age := g.board.Now().Sub(time.Unix(at, 0)).Abs(); err != nil || age > 5*time.Minute {
		return unsigned("Http头Authorization值中的timestamp与发起请求的时间不得超过5分钟")
	}
	text := r.Method + "\n" + r.URL.RequestURI() + "\n" + part["timestamp"] + "\n" + part["nonce_str"] + "\n" + string(body) + "\n"
	if g.merchant.Verify(text, part["signature"]) != nil {
		return unsigned("签名错误，请检查后再试")
	}
	return nil
}

// answer writes v, signed with the key whose number the request asked for.
func (g *Gateway) answer(w http.ResponseWriter, r *http.Request, status int, v any) {
	var body []byte
	if v != nil {
		body, _ = json.Marshal(v) // plain structs of ours
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	head, err := g.sign(body, r.Header.Get("Wechatpay-Serial"), board.Struck(r.Context()).Has(board.WrongSignature))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for k := range head {
		w.Header().Set(k, head.Get(k))
	}
	w.Header().Set("Request-Id", rand.Text())
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller hung up: nobody is left to tell
}

// sign makes the headers of a signed body.
func (g *Gateway) sign(body []byte, wanted string, forge bool) (http.Header, error) {
	number, key := serial(g.platform), g.platform
	if wanted == g.publicKeyID {
		number, key = g.publicKeyID, g.public
	}
	if forge {
		key = g.stranger
	}
	at, nonce := strconv.FormatInt(g.board.Now().Unix(), 10), rand.Text()
	sig, err := key.Sign(at + "\n" + nonce + "\n" + string(body) + "\n")
	if err != nil {
		return nil, err
	}
	h := http.Header{}
	h.Set("Wechatpay-Timestamp", at)
	h.Set("Wechatpay-Nonce", nonce)
	h.Set("Wechatpay-Serial", number)
	h.Set("Wechatpay-Signature", sig)
	h.Set("Wechatpay-Signature-Type", scheme)
	return h, nil
}

// resource is content sealed with the merchant's APIv3 key.
type resource struct {
	OriginalType   string `json:"original_type,omitempty"`
	Algorithm      string `json:"algorithm"`
	Ciphertext     string `json:"ciphertext"`
	AssociatedData string `json:"associated_data"`
	Nonce          string `json:"nonce"`
}

func (g *Gateway) seal(plain []byte, kind string) (resource, error) {
	block, err := aes.NewCipher([]byte(g.apiV3Key))
	if err != nil {
		return resource{}, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return resource{}, err
	}
	nonce := rand.Text()[:12]
	sealed := aead.Seal(nil, []byte(nonce), plain, []byte(kind))
	return resource{Algorithm: "AEAD_AES_256_GCM", Ciphertext: base64.StdEncoding.EncodeToString(sealed),
		AssociatedData: kind, Nonce: nonce}, nil
}

// event is what a notice tells.
type event struct {
	ID, Type, Summary, Original string
	At                          time.Time
	Content                     any
}

// notify posts an event; the merchant accepts it by a 2xx within five seconds.
func (g *Gateway) notify(ctx context.Context, url, wanted string, forge bool, e event) error {
	plain, err := json.Marshal(e.Content)
	if err != nil {
		return fmt.Errorf("notice: %w", err)
	}
	sealed, err := g.seal(plain, e.Original)
	if err != nil {
		return fmt.Errorf("notice: %w", err)
	}
	sealed.OriginalType = e.Original
	body, err := json.Marshal(map[string]any{
		"id": e.ID, "create_time": e.At.Format(time.RFC3339), "event_type": e.Type,
		"resource_type": "encrypt-resource", "summary": e.Summary, "resource": sealed,
	})
	if err != nil {
		return fmt.Errorf("notice: %w", err)
	}
	head, err := g.sign(body, wanted, forge)
	if err != nil {
		return fmt.Errorf("notice: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: %w", board.ErrRejected, err)
	}
	req.Header = head
	req.Header.Set("Content-Type", "application/json")
	res, err := g.board.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("the merchant answered %s", res.Status)
	}
	return nil
}

// refusal turns the ledger's errors into WeChat's codes; nil stays nil.
func refusal(err error) *apiError {
	if err == nil {
		return nil
	}
	if e, ok := err.(*apiError); ok {
		return e
	}
	if e, ok := refusals[err]; ok {
		return &e
	}
	return &apiError{Status: http.StatusInternalServerError, Code: "SYSTEM_ERROR", Message: "系统异常，请稍后重试"}
}

var refusals = map[error]apiError{
	pay.ErrNotReady: {Status: 400, Code: "STATEMENT_CREATING", Message: "账单生成中，请在次日上午再下载"},
	pay.ErrEmpty:    {Status: 400, Code: "NO_STATEMENT_EXIST", Message: "账单文件不存在"},
	pay.ErrNoOrder:  {Status: 404, Code: "ORDER_NOT_EXIST", Message: "订单不存在"},
	pay.ErrNoRefund: {Status: 404, Code: "RESOURCE_NOT_EXISTS", Message: "退款单不存在"},
	pay.ErrDiffers:  {Status: 400, Code: "INVALID_REQUEST", Message: "201 商户订单号重复"},
	pay.ErrPaid:     {Status: 400, Code: "ORDERPAID", Message: "该订单已支付"},
	pay.ErrClosed:   {Status: 400, Code: "ORDER_CLOSED", Message: "该订单已关闭"},
	pay.ErrUnpaid:   {Status: 403, Code: "INVALID_REQUEST", Message: "订单未支付，不能退款"},
	pay.ErrTooMuch:  {Status: 403, Code: "NOT_ENOUGH", Message: "退款金额超过可退金额"},
}
