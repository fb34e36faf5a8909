"""What buyers say of products and ask about them, and what florists answer: from a seed, and never of a real person."""

from __future__ import annotations

import random

import msgspec

from deploy.demo.data.products import Piece
from models.actor import id_of

BUYERS = (
    "haru", "sora", "minjun", "jiwoo", "haeun", "doyun", "sua", "siwoo", "yerin", "juwon", "daeun", "gunwoo", "chaewon", "hyunwoo",
    "yuna", "jiho", "soyul", "junseo", "harin", "eunwoo", "gaon", "taeo", "nayun", "ian", "bora", "haesol", "raon", "seungmin",
)  # fmt: skip
"""Their tokens are those of ``make token NAME=haru``."""
GOOD = (
    "사진보다 훨씬 예뻐요. 받는 분이 정말 좋아하셨어요.", "향이 방 안에 며칠이나 남았습니다.",
    "포장이 단정하고 메시지 카드도 예뻤어요.",
    "약속한 시간에 정확히 도착했습니다. 다음에도 부탁드릴게요.", "꽃이 싱싱해서 일주일이 넘도록 피어 있어요.",
    "색 조합이 마음에 쏙 들어요. 사진 찍느라 바빴습니다.", "부모님 결혼기념일에 드렸는데 눈물까지 보이셨어요.",
    "생각보다 풍성해서 놀랐습니다. 화병에 나눠 꽂았어요.", "설명해 주신 대로 물을 갈아 주니 오래가네요.",
)  # fmt: skip
FAIR = (
    "예쁘지만 생각보다 조금 작았어요.", "꽃은 좋은데 배송이 예정보다 늦었습니다.",
    "한 송이가 꺾여 있었지만 금방 다시 보내 주셨어요.",
    "색이 화면과 조금 달라요. 그래도 예쁩니다.", "무난합니다. 값에 맞는 꽃다발이에요.",
)  # fmt: skip
POOR = ("이틀 만에 시들어서 아쉬웠습니다.", "주문한 색이 아니어서 당황했어요.", "포장이 눌려서 왔습니다.")
REPLIES = (
    "예쁘게 봐 주셔서 고맙습니다. 또 좋은 꽃으로 뵙겠습니다.",
    "소중한 후기 감사합니다. 줄기 끝을 조금씩 잘라 주시면 더 오래 보실 수 있어요.",
    "불편을 드려 죄송합니다. 다음에는 더 꼼꼼히 살피겠습니다.",
)  # fmt: skip
QUESTIONS = (
    ("색을 바꿀 수 있나요?", "조금 더 연한 색으로 부탁드리고 싶어요."), ("오늘 받을 수 있을까요?",
    "오후 여섯 시 전에 받아야 합니다."),
    ("메시지 카드도 넣어 주시나요?", "두 줄 정도 적고 싶습니다."), ("얼마나 오래가나요?",
    "선물이라 적어도 닷새는 피어 있으면 좋겠어요."),
    ("화병이 함께 오나요?", "집에 화병이 없어서요."), ("반려묘에게 괜찮은 꽃인가요?", "고양이가 있는 집에 보내려고 합니다."),
    ("더 크게 만들 수 있나요?", "두 배 정도 풍성했으면 합니다."),
)  # fmt: skip
ANSWERS = (
    "네, 가능합니다. 주문하실 때 요청 사항에 적어 주세요.", "마감 시간 전에 주문하시면 오늘 받으실 수 있습니다.",
    "서늘한 곳에 두고 물을 매일 갈아 주시면 일주일쯤 보실 수 있습니다.", "따로 준비해 드릴 수 있습니다. 가게로 전화 주세요.",
)  # fmt: skip


class Review(msgspec.Struct, frozen=True):
    """``subject``: of the order line that it would be about; ``rating``: half stars; ``reply`` "": none."""

    subject: str
    buyer: str
    piece: Piece
    rating: int
    text: str
    reply: str


class Question(msgspec.Struct, frozen=True):
    """``word`` tells it apart; ``answer`` "": none yet."""

    word: str
    buyer: str
    piece: Piece
    title: str
    content: str
    secret: bool
    answer: str


def account(buyer: str) -> str:
    """The account of a name in ``BUYERS``."""
    return id_of("account", buyer)


def reviews(piece: Piece) -> list[Review]:
    """None to six, each by somebody else, mostly good."""
    draw = random.Random(f"reviews of {piece.product_id}")
    made = []
    for number, buyer in enumerate(draw.sample(BUYERS, draw.choices(range(7), (4, 3, 3, 2, 2, 1, 1))[0])):
        rating = draw.choices((10, 9, 8, 7, 6, 4, 2), (40, 20, 16, 8, 8, 5, 3))[0]
        text = draw.choice(GOOD if rating >= 8 else FAIR if rating >= 6 else POOR)
        reply = (REPLIES[2] if rating < 6 else draw.choice(REPLIES[:2])) if draw.random() < 0.5 else ""
        made.append(Review(id_of("demo", "line", piece.product_id, str(number)), buyer, piece, rating, text, reply))
    return made


def questions(piece: Piece) -> list[Question]:
    """None to two."""
    draw = random.Random(f"questions about {piece.product_id}")
    made = []
    for number, buyer in enumerate(draw.sample(BUYERS, draw.choices(range(3), (6, 3, 1))[0])):
        title, content = draw.choice(QUESTIONS)
        answer = draw.choice(ANSWERS) if draw.random() < 0.7 else ""
        made.append(Question(f"{piece.product_id[:8]}-{number}", buyer, piece, title, content, draw.random() < 0.15, answer))
    return made
