"""Refusals of uploads."""

from __future__ import annotations

from web.texts.text import Text

PROBLEMS: dict[str, Text] = {
    "image_unknown": Text("없는 이미지입니다", "There is no such image"),
    "image_invalid": Text("올릴 수 없는 이미지입니다", "The image cannot be uploaded"),
    "image_exists": Text("이미 있는 이미지입니다", "The image is there already"),
    "image_expired": Text(
        "더 이상 쓸 수 없는 이미지입니다", "The image can no longer be used",
        "제때 올리지 않았거나, 하루 안에 쓰지 않았거나, 지워진 이미지입니다. 새로 올려 주세요.",
        "It was not uploaded in time, not used within a day, or erased. Please upload it anew.",
    ),
    "image_not_uploaded": Text(
        "아직 파일이 올라오지 않았습니다", "Nothing has been uploaded yet",
        "먼저 upload 주소로 파일을 보내 주세요.", "Please send the file to the upload address first.",
    ),
    "image_unreadable": Text("읽을 수 없는 파일입니다", "The file cannot be read"),
    "image_other_type": Text("알려 주신 형식과 다른 파일입니다", "The file is of another type than announced"),
    "image_other_size": Text("알려 주신 크기와 다른 파일입니다", "The file is of another size than announced"),
    "image_too_large": Text(
        "화소가 너무 많습니다", "The image has too many pixels", "5천만 화소까지 가능합니다.", "At most 50 megapixels.",
    ),
    "image_shape": Text(
        "너무 작거나 너무 긴 이미지입니다", "The image is too small or too long",
        "짧은 변이 16화소 이상, 긴 변이 그 8배 이하여야 합니다.",
        "The shorter side needs 16 pixels, and the longer one may be 8 times as long.",
    ),
    "image_not_stored": Text("이미지를 저장하지 못했습니다", "The image could not be stored"),
    "image_unusable": Text(
        "쓸 수 없는 이미지입니다", "An image cannot be used",
        "직접 올려 확인이 끝난 이미지만 쓸 수 있습니다.",
        "Only images that you uploaded for this, and that are ready, can be used.",
    ),
    "other_kind": Text("없는 이미지입니다", "There is no such thing"),
}  # fmt: skip
