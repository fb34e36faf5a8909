"""Twenty florists, all invented, at real places: twelve over Seoul and eight beyond. The first six are those of the demo's day.

Telephone numbers are of a range that nobody is given. Coordinates are degrees (WGS 84), codes those of
``models/stores/regions.py``, amounts KRW, times KST.
"""

from __future__ import annotations

import msgspec

from deploy.demo.shop import FLORISTS as DAY
from deploy.demo.shop import WELCOME, Coupon, Florist

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BANKS = ("004", "011", "088", "020", "090", "081")


class Place(msgspec.Struct, frozen=True):
    """Where a florist is, and when. ``closed``: days without opening; ``opens``/``closes``: of the others."""

    sido: str
    gugun: str
    address: str
    zipcode: str
    lat: float
    lon: float
    phone: str
    detail: str
    opens: str = "09:00"
    closes: str = "20:00"
    closed: tuple[str, ...] = ("mon",)
    capacity: int = 4
    minutes: int = 600

    @property
    def hours(self) -> dict[str, dict[str, str]]:
        """As the store's form wants them."""
        return {day: {"opens": self.opens, "closes": self.closes} for day in WEEK if day not in self.closed}


def _more(word: str, name: str, fee: int, free_from: int, cut_off: str, coupon: Coupon) -> Florist:
    """A florist whose products are all made up by ``products``."""
    return Florist(word, name, fee, free_from, cut_off, (), (WELCOME, coupon))


FLORISTS: tuple[Florist, ...] = (
    *DAY,
    _more("hannam", "한남 꽃의언덕", 4_000, 80_000, "18:00", Coupon("hill", "언덕길 8,000원", 8_000, 80_000)),
    _more("sinsa", "신사 가로수플라워", 4_500, 90_000, "19:00", Coupon("avenue", "가로수길 9,000원", 9_000, 90_000)),
    _more("mangwon", "망원 오늘의꽃", 2_500, 40_000, "17:30", Coupon("today", "오늘의 꽃 3,000원", 3_000, 30_000)),
    _more("mullae", "문래 철과꽃", 3_000, 50_000, "18:30", Coupon("steel", "작업실 5,000원", 5_000, 45_000)),
    _more("gongneung", "공릉 철길꽃집", 2_500, 35_000, "18:00", Coupon("track", "철길 산책 2,500원", 2_500, 25_000)),
    _more("seongbuk", "성북 돌담화원", 3_500, 60_000, "17:00", Coupon("wall", "돌담길 5,500원", 5_500, 55_000)),
    _more("pangyo", "판교 플라워랩", 3_000, 50_000, "19:00", Coupon("lab", "연구실 5,000원", 5_000, 50_000)),
    _more("songdo", "송도 바다정원", 3_500, 50_000, "18:00", Coupon("sea", "바다정원 4,500원", 4_500, 45_000)),
    _more("jeonpo", "전포 꽃다운시절", 3_000, 45_000, "18:30", Coupon("days", "꽃다운 4,000원", 4_000, 40_000)),
    _more("dongseong", "동성로 장미상회", 3_000, 50_000, "19:00", Coupon("rose", "장미상회 5,000원", 5_000, 50_000)),
    _more("yuseong", "유성 별꽃", 2_500, 40_000, "18:00", Coupon("star", "별꽃 3,500원", 3_500, 35_000)),
    _more("dongmyeong", "동명동 다정화원", 2_500, 40_000, "17:30", Coupon("kind", "다정한 3,000원", 3_000, 30_000)),
    _more("hanok", "전주 한옥꽃방", 3_000, 50_000, "17:00", Coupon("roof", "한옥마을 4,000원", 4_000, 40_000)),
    _more("gwandeok", "제주 돌하르방꽃집", 5_000, 70_000, "16:00", Coupon("island", "섬마을 6,000원", 6_000, 60_000)),
)  # fmt: skip

PLACES: dict[str, Place] = {
    "seongsu": Place(
        "11", "11200", "서울특별시 성동구 서울숲2길 32", "04768", 37.5467, 127.0421, "07000000101",
        "서울숲 옆 유리온실에서 그날의 꽃을 고릅니다. 계절이 바뀌면 온실의 색도 바뀝니다.",
        capacity=6, minutes=900,
    ),
    "yeonnam": Place(
        "11", "11440", "서울특별시 마포구 동교로 242", "03983", 37.5613, 126.9247, "07000000102",
        "그림을 그리던 손으로 꽃을 엮습니다. 연남동 골목의 작은 화실입니다.",
        opens="11:00", closes="20:30",
    ),
    "seochon": Place(
        "11", "11110", "서울특별시 종로구 자하문로9길 17", "03036", 37.5795, 126.9712, "07000000103",
        "차를 마시며 꽃을 고르는 한옥입니다. 마당에는 늘 제철 꽃이 있습니다.",
        opens="10:00", closes="18:00", closed=("mon", "tue"),
    ),
    "seokchon": Place(
        "11", "11710", "서울특별시 송파구 석촌호수로 236", "05611", 37.5065, 127.1044, "07000000104",
        "호수를 한 바퀴 도는 동안 꽃다발이 완성됩니다. 화환은 새벽부터 준비합니다.",
        opens="07:00", closes="21:00", closed=(), minutes=1_200,
    ),
    "yangjae": Place(
        "11", "11650", "서울특별시 서초구 강남대로 27", "06774", 37.4676, 127.0390, "07000000105",
        "꽃시장 안에서 새벽 경매가 끝나자마자 문을 엽니다. 화분도 많습니다.",
        opens="05:00", closes="17:00", closed=("sun",), minutes=1_200,
    ),
    "sillim": Place(
        "11", "11620", "서울특별시 관악구 신림로59길 12", "08754", 37.4837, 126.9297, "07000000106",
        "퇴근길에 들르기 좋은 밤의 꽃집입니다. 달이 뜰 때까지 불을 켜 둡니다.",
        opens="13:00", closes="24:00",
    ),
    "hannam": Place(
        "11", "11170", "서울특별시 용산구 이태원로54길 19", "04400", 37.5363, 127.0015, "07000000107",
        "언덕 위 작업실에서 하루에 열두 다발만 만듭니다. 색을 맞추는 데 오래 걸립니다.",
        opens="11:00", closes="20:00", minutes=480,
    ),
    "sinsa": Place(
        "11", "11680", "서울특별시 강남구 도산대로13길 25", "06035", 37.5209, 127.0229, "07000000108",
        "가로수길의 꽃집입니다. 기념일 꽃상자와 큰 바구니를 잘합니다.",
        opens="10:00", closes="22:00", closed=(), capacity=8, minutes=1_200,
    ),
    "mangwon": Place(
        "11", "11440", "서울특별시 마포구 포은로 88", "04006", 37.5560, 126.9051, "07000000109",
        "시장 골목에서 오늘 가장 예쁜 꽃을 가장 좋은 값에 드립니다.",
        closes="21:00", closed=("sun",),
    ),
    "mullae": Place(
        "11", "11560", "서울특별시 영등포구 도림로128가길 9", "07293", 37.5146, 126.8951, "07000000110",
        "철공소 옆 작업실입니다. 드라이플라워와 철제 화병을 함께 만듭니다.",
        opens="12:00", closes="21:00", closed=("mon", "tue"),
    ),
    "gongneung": Place(
        "11", "11350", "서울특별시 노원구 동일로190길 61", "01849", 37.6239, 127.0757, "07000000111",
        "기차가 다니던 길 옆에서 동네 사람들의 생일을 기억합니다.",
        opens="10:00", closes="20:00",
    ),
    "seongbuk": Place(
        "11", "11290", "서울특별시 성북구 성북로 134", "02836", 37.5926, 126.9959, "07000000112",
        "돌담 아래 화원입니다. 국화와 작약을 손수 기르고, 조용한 꽃을 좋아합니다.",
        opens="09:30", closes="18:30",
    ),
    "pangyo": Place(
        "41", "41131", "경기도 성남시 분당구 판교역로 166", "13529", 37.3951, 127.1110, "07000000113",
        "회의실에도 꽃이 필요합니다. 개업과 승진 선물을 빠르게 준비합니다.",
        opens="08:00", closes="20:00", closed=("sun",), minutes=900,
    ),
    "songdo": Place(
        "28", "28185", "인천광역시 연수구 센트럴로 160", "22006", 37.3920, 126.6390, "07000000114",
        "바닷바람이 드는 정원입니다. 수국과 델피늄, 푸른 꽃을 많이 둡니다.",
        opens="10:00", closes="20:00",
    ),
    "jeonpo": Place(
        "26", "26230", "부산광역시 부산진구 전포대로209번길 26", "47293", 35.1550, 129.0635, "07000000115",
        "공구상이 있던 골목의 꽃집입니다. 졸업과 생일, 꽃다운 날마다 함께합니다.",
        opens="11:00", closes="21:30", closed=("wed",),
    ),
    "dongseong": Place(
        "27", "27110", "대구광역시 중구 동성로2길 55", "41934", 35.8692, 128.5953, "07000000116",
        "장미만 여섯 가지 색을 둡니다. 백 송이도 한 시간이면 됩니다.",
        opens="10:00", closes="22:00", closed=(), minutes=900,
    ),
    "yuseong": Place(
        "30", "30200", "대전광역시 유성구 대학로 99", "34134", 36.3629, 127.3450, "07000000117",
        "별을 연구하는 동네의 꽃집입니다. 안개꽃을 은하수처럼 엮습니다.",
        opens="10:00", closes="20:00", closed=("sun",),
    ),
    "dongmyeong": Place(
        "29", "29110", "광주광역시 동구 동명로 25", "61426", 35.1494, 126.9250, "07000000118",
        "오래된 양옥을 고쳐 만든 다정한 화원입니다. 카네이션은 사철 있습니다.",
        opens="10:30", closes="19:30",
    ),
    "hanok": Place(
        "45", "45111", "전북특별자치도 전주시 완산구 은행로 74", "55042", 35.8151, 127.1530, "07000000119",
        "기와 아래에서 한지로 꽃을 쌉니다. 혼례와 잔치 꽃을 오래 해 왔습니다.",
        opens="09:00", closes="18:00", closed=("tue",),
    ),
    "gwandeok": Place(
        "50", "50110", "제주특별자치도 제주시 관덕로 60", "63166", 33.5129, 126.5260, "07000000120",
        "섬에서 자란 수국과 라벤더로 엮습니다. 공항으로 가는 길에 들르세요.",
        opens="08:30", closes="18:00", closed=("sun",),
    ),
}  # fmt: skip


def store_body(florist: Florist, thumbnail: str = "") -> dict[str, object]:
    """The body of ``PUT /stores/{store_id}``: everything that a store says of itself."""
    place = PLACES[florist.word]
    number = list(PLACES).index(florist.word)
    body: dict[str, object] = {
        "owner": florist.owner,
        "name": florist.name,
        "detail": place.detail,
        "phone": place.phone,
        "bank": BANKS[number % len(BANKS)],
        "account_number": f"{110 + number}-{2024:04}-{100_000 + 7_919 * number}",
        "sido": place.sido,
        "gugun": place.gugun,
        "address": place.address,
        "zipcode": place.zipcode,
        "lat": place.lat,
        "lon": place.lon,
        "delivery_fee": florist.fee,
        "free_from": florist.free_from,
        "hours": place.hours,
        "slot_capacity": place.capacity,
        "cut_off": florist.cut_off,
        "minutes_per_day": place.minutes,
        "threshold": 50,
    }
    return {**body, "thumbnail": thumbnail} if thumbnail else body
