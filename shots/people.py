"""The customers that the pictures show, in every state that an account may have."""

from dataclasses import dataclass
from unicodedata import normalize


@dataclass(frozen=True)
class Person:
    """A company with its contact person.

    :param key: what the screens call it
    :param reseller: key of its reseller
    :param sent: whether it is synchronised, as far as Panda lets it
    :param fault: what goes wrong then
    """

    key: str
    name: str
    contact: str
    country: str
    phone: str
    role: str = "user"
    reseller: str = ""
    sent: bool = True
    fault: str = ""

    @property
    def email(self):
        plain = normalize("NFKD", self.contact.lower()).encode("ascii", "ignore")
        return f"{plain.decode().replace(' ', '.')}@{self.key}.example"


PEOPLE = (
    Person(
        "northwind",
        "Northwind IT Services",
        "Eleni Papadaki",
        "gr",
        "+30 21 0123 4567",
        role="reseller",
    ),
    Person(
        "bakery",
        "Bakery Dimitriou",
        "Nikos Dimitriou",
        "gr",
        "210 987 6543",
        reseller="northwind",
    ),
    Person(
        "olive",
        "Kalamata Olive Press",
        "Sofia Maniati",
        "gr",
        "+30 27210 12345",
        reseller="northwind",
    ),
    Person("lopez", "Librería López", "María López", "es", "+34 912 345 678"),
    Person("garage", "Garage Lefèvre", "Luc Lefèvre", "fr", "+33 1 70 18 99 00"),
    Person(
        "rhein",
        "Rhein Systemhaus",
        "Jana Vogt",
        "de",
        "+49 221 4710 0",
        role="reseller",
    ),
    Person(
        "optik",
        "Optik Brandt",
        "Peter Brandt",
        "de",
        "+49 221 4711 0",
        reseller="rhein",
    ),
    Person("tejidos", "Tejidos Marín", "Pilar Marín", "es", "", fault="phone"),
    Person(
        "sur",
        "Redes del Sur",
        "Andrés Gil",
        "es",
        "+34 954 22 11 00",
        role="reseller",
        fault="username",
    ),
    Person(
        "hotel",
        "Hotel Giralda",
        "Carmen Ruiz",
        "es",
        "+34 954 33 11 00",
        reseller="sur",
    ),
    Person(
        "clinica",
        "Clínica Triana",
        "José Ortega",
        "es",
        "+34 954 44 11 00",
        reseller="sur",
    ),
    Person(
        "moulin",
        "Moulin de la Drôme",
        "Anne Roche",
        "fr",
        "+33 4 75 40 11 11",
        fault="outage",
    ),
    Person(
        "taverna",
        "Taverna Plaka",
        "Yannis Kotsis",
        "gr",
        "+30 21 0765 4321",
        fault="lost",
    ),
    Person("fenster", "Fensterbau Kröger", "Uwe Kröger", "de", "+49 40 309 22 0"),
    Person(
        "winery",
        "Tsoukalas Winery",
        "Dora Tsoukala",
        "gr",
        "+30 27420 2 23 45",
        reseller="northwind",
        sent=False,
    ),
    Person(
        "ferreteria",
        "Ferretería Sol",
        "Pablo Sanz",
        "es",
        "+34 917 88 21 00",
        sent=False,
    ),
)
