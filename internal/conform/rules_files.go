package conform

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/filedrop"
	"yichuang/internal/kit/folder"
)

// fileRules hold where messages are files.
func fileRules() []Rule {
	return []Rule{
		{ID: "file-taken", Title: "办过的文件从 to/ 移走", Section: "十三", When: Once, Dialects: inFiles, Check: fileTaken,
			Why: "留在原处的文件会再办一次，目录也越来越慢。办过的移到 to/done/，不能办的移到 to/bad/。"},
		{ID: "file-partial", Title: "没有写完的文件不办，写完再办", Section: "十三", When: Once, Dialects: inFiles, Check: filePartial,
			Why: "直接写正式名的系统，文件会有一刻是半份：报文体短于 Content-Length 的，等 2 分钟再说。"},
		{ID: "file-temporary", Title: "临时名的文件不读，改名后再办", Section: "十三", When: Once, Dialects: inFiles, Check: fileTemporary,
			Why: "以 . 开头，或以 .tmp、.part、.filepart 结尾的，是对方正在写的。"},
		{ID: "file-name", Title: "文件名与文件头不一致的被拒绝", Section: "十三", When: Once, Dialects: inFiles, Check: fileName,
			Why: "文件名不在签名里，谁都能改；不核对就会把一个请求当成另一个。"},
		{ID: "file-answers", Title: "读过的应答从 to/ 移走", Section: "十三", For: async, When: Later, Dialects: inFiles, Check: fileAnswers,
			Why: "同一份应答读两次，会当成两次应答。读过的移到 to/done/。"},
	}
}

// drop gives the carrier and its folder; rules of files are tried with no other.
func (t *Trial) drop(ctx context.Context) (*files, folder.Folder, error) {
	c, ok := t.Carrier.(*files)
	if !ok {
		return nil, nil, errors.New("no carrier of files")
	}
	f, err := c.open(ctx)
	return c, f, err
}

// later makes a file of a request that is not to be taken yet: first leaves it so, then lets it be whole.
func (t *Trial) later(ctx context.Context, want string, first, then func(f folder.Folder, name string, content []byte) error) Finding {
	c, f, err := t.drop(ctx)
	if err != nil {
		return fail(want, noAnswer(err))
	}
	e, err := t.seal(t.Info, renewed(t.Body), letter{})
	if err != nil {
		return fail(want, err.Error())
	}
	n := c.name(e)
	content := c.content(e, n)
	if err := first(f, to(n), content); err != nil {
		return fail(want, noAnswer(err))
	}
	select {
	case <-ctx.Done():
		return fail(want, noAnswer(ctx.Err()))
	case <-time.After(t.Linger):
	}
	if a, err := c.look(ctx, f, e, n); err == nil {
		return fail(want, "没有等，已应答 "+a.String())
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fail(want, noAnswer(err))
	}
	if err := then(f, to(n), content); err != nil {
		return fail(want, "文件被移走："+err.Error())
	}
	a, err := c.answer(ctx, f, e, n)
	switch {
	case err != nil:
		return fail(want, noAnswer(err))
	case a.Status != wantStatus(t.Info):
		return fail(want, a.String())
	}
	return pass(want, a.String())
}

func filePartial(ctx context.Context, t *Trial) Finding {
	return t.later(ctx, "写完之前没有应答，写完之后 200",
		func(f folder.Folder, name string, content []byte) error {
			return f.Write(ctx, name, content[:len(content)-2])
		},
		func(f folder.Folder, name string, content []byte) error { return f.Write(ctx, name, content) })
}

func fileTemporary(ctx context.Context, t *Trial) Finding {
	const part = ".part"
	return t.later(ctx, "改名之前没有应答，改名之后 200",
		func(f folder.Folder, name string, content []byte) error { return f.Write(ctx, name+part, content) },
		func(f folder.Folder, name string, _ []byte) error { return f.Rename(ctx, name+part, name) })
}

func fileName(ctx context.Context, t *Trial) Finding {
	return t.spoiled(ctx, letter{}, func(e Envelope) Envelope { e.Name = newMessageID(t.Info.Operation); return e }, spec.CodeHeader)
}

// fileTaken sends a request and looks whether its file goes.
func fileTaken(ctx context.Context, t *Trial) Finding {
	const want = "应答之后不在 to/ 里"
	c, f, err := t.drop(ctx)
	if err != nil {
		return fail(want, noAnswer(err))
	}
	e, err := t.seal(t.Info, renewed(t.Body), letter{})
	if err != nil {
		return fail(want, err.Error())
	}
	n := c.name(e)
	if err := f.Write(ctx, to(n), c.content(e, n)); err != nil {
		return fail(want, noAnswer(err))
	}
	if _, err := c.answer(ctx, f, e, n); err != nil {
		return fail(want, noAnswer(err))
	}
	for until := t.Clock.Now().Add(t.Linger); ; {
		_, err := f.Read(ctx, to(n), 1)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return pass(want, "不在")
		case t.Clock.Now().After(until):
			return fail(want, "还在")
		}
		time.Sleep(lookSoon)
	}
}

// fileAnswers looks for answers of ours to the results of the trial that nobody took. The kit has lingered before.
func fileAnswers(ctx context.Context, t *Trial) Finding {
	const want = "结果的应答不在 to/ 里"
	all := t.arrivals()
	if len(all) == 0 {
		return skip("没有收到结果")
	}
	_, f, err := t.drop(ctx)
	if err != nil {
		return fail(want, noAnswer(err))
	}
	l, err := f.List(ctx, filedrop.To, 5000)
	if err != nil {
		return fail(want, noAnswer(err))
	}
	for _, entry := range l.Entries {
		n, ok := filedrop.ParseName(path.Base(entry.Name))
		if ok && n.Kind == filedrop.Answer && slices.ContainsFunc(all, func(a Arrival) bool { return a.MessageID == n.MessageID }) {
			return fail(want, "还在")
		}
	}
	return pass(want, "不在")
}
