"""Names for the sample city's people and units. Invented; likeness is chance."""

from __future__ import annotations

import random

from app.domain.people import Role

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程"
    "魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵"
)
_FIRST = "建国志文晓海明永春秋雪丽美玉秀俊家思雨子梓一佳嘉欣若书立向少亦承启育"
_SECOND = "伟芳娜敏静强磊军洋勇艳杰娟涛超霞平刚华辉琴峰斌宁鑫云凯悦婷浩然轩怡彤晨琪瑶"

UNIT_NAMES = {
    "road": "道路设施养护所",
    "sanitation": "环境卫生管理所",
    "greening": "绿化管理所",
    "water": "给排水管理所",
    "lighting": "景观照明管理所",
    "power": "供电服务站",
    "gas": "燃气抢修站",
    "telecom": "通信线路维护站",
    "traffic": "交通设施养护所",
    "urban_enforcement": "城市管理综合执法队",
    "market": "市场监督管理所",
    "police": "公安联动岗",
    "housing": "房屋管理所",
    "construction": "建设工程管理所",
    "environment": "生态环境所",
    "health": "疾病预防控制站",
    "civil": "民政事务所",
    "fire": "消防救援站",
    "fallback": "综合处置队",
    "centre": "城市运行管理中心",
}
LEADS = tuple(kind for kind in UNIT_NAMES if kind != "centre")
ROLE_NAMES = {
    Role.INTAKE: "受理岗",
    Role.DISPATCHER: "派遣岗",
    Role.SHIFT_LEAD: "值班长岗",
    Role.DUTY_LEADER: "带班领导岗",
    Role.SUPERVISOR: "网格监督岗",
}


def person_name(chance: random.Random) -> str:
    """Return an invented Chinese name of two or three letters; common surnames come oftener."""
    surname = _SURNAMES[min(int(chance.expovariate(0.06)), len(_SURNAMES) - 1)]
    given = chance.choice(_SECOND)
    return surname + (chance.choice(_FIRST) + given if chance.random() < 0.78 else given)
