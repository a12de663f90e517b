// Command gen makes the XML side of the interface specification out of docs/interface.
//
// In: the OpenAPI files, and the table of business type codes that were given out before. Out: grammar.gen.go, by which package
// bizxml writes and reads bodies; docs/interface/bizxml/codes.csv, to which codes of new operations are added; a schema per
// counterpart, NAME.xsd; and exchange.wsdl. It is run by go generate in exchange/spec/bizxml; a test there tells when its output is stale.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	interfaces "yichuang/docs/interface"
	"yichuang/internal/exchange/spec/bizxml"
)

func main() {
	out := flag.String("o", ".", "folder of the Go file")
	docs := flag.String("docs", "../../../../docs/interface/bizxml", "folder of codes.csv, the schemas and the WSDL")
	flag.Parse()
	if err := run(*out, *docs); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(out, docs string) error {
	m, err := read(interfaces.FS)
	if err != nil {
		return err
	}
	if err := m.number(filepath.Join(docs, "codes.csv")); err != nil {
		return err
	}
	if err := m.writeGrammar(filepath.Join(out, "grammar.gen.go")); err != nil {
		return err
	}
	if err := m.writeSchemas(docs); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(docs, "exchange.wsdl"), bizxml.WSDL("https://host.example/soap"), 0o644)
}
