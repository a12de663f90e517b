package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"yichuang/internal/exchange/spec/book"
	"yichuang/internal/kit/doc"
)

// guideCmd writes the guide of a counterpart, to be handed to its vendor. It needs no database and no keys of an installation.
type guideCmd struct {
	Counterpart string `help:"Whose guide, as the files of docs/interface are named: registry, housing, tax …" required:"" env:"GUIDE_COUNTERPART"`
	Out         string `help:"File to write; its name ends in .pdf or .html." required:"" env:"GUIDE_OUT" type:"path"`
}

// Run writes the file, or nothing at all.
func (c *guideCmd) Run(ctx context.Context) error {
	b, err := book.Open()
	if err != nil {
		return err
	}
	g, ok := b.Guide(c.Counterpart)
	if !ok {
		return fmt.Errorf("no counterpart %q; there are %s", c.Counterpart, strings.Join(b.Guides(), ", "))
	}
	switch filepath.Ext(c.Out) {
	case ".html":
		file, err := os.Create(c.Out)
		if err != nil {
			return err
		}
		return errors.Join(g.WriteHTML(ctx, file), file.Close())
	case ".pdf":
		fonts, err := doc.OpenFonts()
		if err != nil {
			return err
		}
		pdf, err := g.PDF(fonts)
		if err != nil {
			return err
		}
		return os.WriteFile(c.Out, pdf, 0o644)
	}
	return fmt.Errorf("%s: a guide is written as .pdf or .html", c.Out)
}
