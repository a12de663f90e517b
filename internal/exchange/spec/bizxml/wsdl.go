package bizxml

import (
	"bytes"
	"strings"
)

// WSDL describes the SOAP port at an address.
func WSDL(address string) []byte {
	var b bytes.Buffer
	escapeText(&b, address)
	return []byte(strings.NewReplacer("{address}", strings.ReplaceAll(b.String(), `"`, "&quot;"), "{ns}", SOAPNamespace, "{action}", strings.Trim(SOAPAction, `"`)).Replace(description))
}

const description = `<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions name="Exchange" targetNamespace="{ns}" xmlns:tns="{ns}" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <wsdl:types>
    <xs:schema targetNamespace="{ns}" elementFormDefault="qualified">
      <xs:element name="exchange">
        <xs:complexType>
          <xs:sequence>
            <xs:element name="message" type="xs:string"/>
          </xs:sequence>
        </xs:complexType>
      </xs:element>
      <xs:element name="exchangeResponse">
        <xs:complexType>
          <xs:sequence>
            <xs:element name="message" type="xs:string"/>
          </xs:sequence>
        </xs:complexType>
      </xs:element>
      <xs:element name="refusal">
        <xs:complexType>
          <xs:sequence>
            <xs:element name="status" type="xs:int"/>
            <xs:element name="code" type="xs:string"/>
            <xs:element name="message" type="xs:string"/>
          </xs:sequence>
        </xs:complexType>
      </xs:element>
    </xs:schema>
  </wsdl:types>
  <wsdl:message name="exchange">
    <wsdl:part name="parameters" element="tns:exchange"/>
  </wsdl:message>
  <wsdl:message name="exchangeResponse">
    <wsdl:part name="parameters" element="tns:exchangeResponse"/>
  </wsdl:message>
  <wsdl:message name="refusal">
    <wsdl:part name="refusal" element="tns:refusal"/>
  </wsdl:message>
  <wsdl:portType name="Exchange">
    <wsdl:operation name="exchange">
      <wsdl:input message="tns:exchange"/>
      <wsdl:output message="tns:exchangeResponse"/>
      <wsdl:fault name="refusal" message="tns:refusal"/>
    </wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="ExchangeSoap" type="tns:Exchange">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="exchange">
      <soap:operation soapAction="{action}" style="document"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
      <wsdl:fault name="refusal"><soap:fault name="refusal" use="literal"/></wsdl:fault>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="ExchangeService">
    <wsdl:port name="ExchangeSoap" binding="tns:ExchangeSoap">
      <soap:address location="{address}"/>
    </wsdl:port>
  </wsdl:service>
</wsdl:definitions>
`
