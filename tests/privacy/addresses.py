"""Postal addresses in sentences, «marked», and sentences that only look alike (T3).

All of them are made up. `KNOWN` was there while the recogniser was written. `FRESH` was written
when it was finished; how many of those it saw at once is in docs/performance.md.
"""

from __future__ import annotations

KNOWN = {
    "en": """
        My address is «123 Main Street».
        Please send it to «4500 Oak Ridge Blvd, Apt 12B, Austin, TX 78701», thanks
        I live at «221B Baker Street, London NW1 6XE».
        we moved to «98 king street» last week
        they are at «1850 Sullivan Avenue Suite 550», ring twice
        «1600 Pennsylvania Ave NW, Washington, DC 20500» is the billing address
        ship to «P.O. Box 4512, Reno, NV 89501»
        My mail goes to «PO Box 77», not home
        The parcel went to «Flat 3, 14 High Street, Leeds LS1 4AB» instead.
        house is «742 Evergreen Terrace, Springfield, OR 97477»
        «45 W 34th St, New York, NY 10001» has no signal
        «5600 NE 4th Ave #305, Miami, FL 33137»: no internet since Monday
        I am on «1500 pine street # 78», no fibre here
        Deliver to «Unit 5, 27 George St, Sydney NSW 2000» please
        my postcode is «SW1A 1AA» and it says not covered
        postcode «cb23qb»
        Is there coverage in «Springfield, IL 62704»?
        We are at «12-14 Church Lane» behind the pub
        the office at «1 Market Square, Suite 200» is closed
        new address: «350 Fifth Avenue, 21st Floor, New York, NY 10118»
        «77 Massachusetts Ave., Cambridge, MA 02139-4307» is mine
        technician never came to «9 Elm Ct, Unit 4»
        my home is «8 Willow Way, Bristol, BS8 2QT»
        I stay at «1400 A Street», second door
        send the router to «Apt 4B, 123 N. Main St., Denver, CO 80202»
        Moving from «300 Martin Luther King Jr. Blvd» to another state
        my address: «88 Queen Street West, Toronto, ON M5H 2M9»
        old address «2664 Berryessa Road # 206, San Jose, CA 95132»
        the line at «17 St. John's Road, Cambridge CB5 8AN» is dead
        ship it to «１２３ Main Street, Austin, TX ７８７０１»
    """,
    "zh": """
        我家住在«北京市朝阳区建国路88号院3号楼2单元1201室»，一直没信号
        收货地址：«广东省深圳市南山区科技园南路12号阳光花园5栋301室»。
        请寄到«上海市浦东新区世纪大道100号»
        麻烦送到«中山路12号»，谢谢
        地址«杭州市西湖区文三路478号华星大厦1506室»
        «江苏省南京市鼓楼区中山北路200号»的宽带坏了
        我在«天河区体育西路１０３号维多利广场Ａ座２８楼»
        «静安区南京西路1788弄15号602室»没有网
        住址是«四川省成都市武侯区人民南路四段27号»
        新地址：«河北省邢台市宁晋县大陆村镇王家庄村»
        我老家在«湖南省长沙县春华镇金鼎山村3组12号»
        «阳光花园3号楼2单元501»断网三天了
        快递放«翠湖小区12栋»门卫
        搬到«福州市鼓楼区五四路158号环球广场»了
        请改成«西安市雁塔区科技二路一百二十号»
        «海淀区中关村大街1号海龙大厦15层»信号差
        装机地址：«重庆市渝北区龙溪街道红锦大道88号 5幢 1单元 7-2»
        我住«5号楼2单元301室»，师傅还没来
        收件地址 «浙江省宁波市鄞州区 天童南路 666号»
        公司在«广州市越秀区环市东路368号花园大厦»，电梯里没信号
        «苏州市姑苏区平江路大儒巷32号»装不了宽带
        我家是«济南市历下区泉城路180号齐鲁国际大厦B座2003»，麻烦上门
        地址：«内蒙古自治区呼和浩特市新城区新华大街63号»
        «武汉市洪山区珞喻路1037号华中小区东12栋405»的网
        寄回«东莞市长安镇乌沙社区兴三路5号»就行
        我这里是«天津市和平区南京路219号»，没有覆盖
        你们派到了«朝阳路二十三号院6号楼»
        «厦门市思明区湖滨南路90号立信广场1802室»收不到快递
        住«柳巷胡同7号»的老人不会用手机
        家庭住址：«辽宁省大连市沙河口区»，没有4G
    """,
}

FRESH = {
    "en": """
        deliver to «19 birchwood ave apt 7, columbus, oh 43215»
        SHIP TO: «2210 W NORTH AVE UNIT 3R, CHICAGO IL 60647»
        I've been at «63 Hawthorn Drive» for ten years and never had fibre
        Our flat is «Flat 2/1, 48 Byres Road, Glasgow G12 8TX».
        Can you check «33 The Avenue», Leeds?
        box is «P.O.Box 90210, Beverly Hills CA»
        bill me at «1 Hacker Way, Menlo Park, California 94025»
        you have «Suite 900, 1200 Peachtree St NE, Atlanta, GA 30309» on file
        modem went to «RR 2 Box 114, Elkhart, IN 46514»
        we live on «Elm Grove, number 14»
        cottage at «The Old Mill, Church Road, Shipley, BD17 6AQ»
        The right one is «10 Downing St., London SW1A 2AA».
        I said «15b Carlton Mansions, Brixton Road, London SW9 8PD», not 15a
        post code: «EH1 1YZ»
        change it from «8 Oxford Cres» to something else
        it's «4/22 Beach Rd, Bondi NSW 2026»
        home: «3021 County Road 47, Florence, AL 35630»
        the tower near «12500 SW 88th Terrace» is down
        we're in «Boise, Idaho 83702» and get nothing
        Please use «55 Rue Sainte-Catherine, Montreal QC H3B 1A7»
        My new place is «711-2880 Nulla St., Frankfort, KY 40601»
        «Room 14, Trinity Hall, 3 College Green», Dublin is where I study
        my house, «27 Meadowbrook Ln», still has copper
        the bill goes to c/o «500 Howard Street, 4th floor»
        I moved out of «6 Station Yard, York YO1 7HH» in May
        «apartment #1204, 88 Harbour Street, Toronto M5J 0B5»
        Installers keep going to «17 Acacia Avenue» instead of 71
        my parents at «1846 S. Ocean Blvd #5C, Delray Beach FL 33483-2210» too
        I only have a «P O Box 312» there
        zip «30093» has had an outage all day
    """,
    "zh": """
        家在«浦东新区花木路1883弄22号401»，宽带装了三次没装好
        收件人王女士，«成都高新区天府大道北段1700号环球中心E1-3-1208»
        «深圳市福田区福强路3030号国际文化大厦2206»，电话打不通
        我住«朝阳区望京西园四区410楼3门502»
        发到«佛山市顺德区容桂街道文海西路15号»吧
        改到«昆明市盘龙区北京路987号俊发中心2栋18层1805»
        老家地址«安徽省阜阳市颍上县十八里铺镇宋洋村大王庄»
        «宁波市海曙区丽园北路668弄19幢2单元302室»的光猫坏了
        师傅来的是«大兴区黄村镇兴华大街三段5号»，不是我家
        我在«广州市天河区中山大道西293号»上班
        帮我寄«哈尔滨市南岗区西大直街92号哈工大一公寓»
        «青岛市市南区香港中路12号丰合广场A区»完全没有5G
        «长沙市岳麓区麓山南路麓山门»附近没信号
        住«和平里七区14号楼2单元»，晚上掉线
        «贵州省遵义市红花岗区忠庄街道碧云小区B3栋1104»
        我家门牌是«朱雀大街南段42号»
        宽带地址：«太原市小店区平阳路街道体育西路紫正园5-2-1801»
        «新疆维吾尔自治区昌吉回族自治州昌吉市延安北路198号»没覆盖
        «江宁区胜太西路168号21世纪国际公寓»装不了
        «沙坪坝区大学城南路55号重庆大学虎溪校区竹园三栋»
        您登记的是«鼓浪屿龙头路88号之二»
        请派人到«淮海中路999弄»看看
        «兰州市城关区庆阳路77号比科新大厦23楼2307室»断网
        «仙居县白塔镇高迁村156号»的老房子
        地址是«虹口区四川北路1851号四楼»
        «徐汇区漕溪北路331号中金国际广场A座三层»没有信号
        我的快递在«义乌市稠州北路699号国际商贸城五区»丢了
        新家«锦绣江南二期8栋2302»还没装网
        寄到«海口市美兰区海甸岛人民大道58号»，邮编另发
        «常州市钟楼区怀德名园12幢乙单元1002室»
    """,
}

LOOK_ALIKES = {
    "en": """
        Unit 5 of the manual says to restart
        I give 5 stars
        the route 66 plan is too dear
        5 stars for the guy at the Oak Street store
        I waited 20 minutes on the street
        the 2 way radio plan
        I bought a 500 GB Hard Drive
        1 TB Flash Drive for 20 dollars
        it took 2nd place in the test
        24/7 support is a long way to go
        page 12 of the road map
        I have 3 kids and 2 phones
        in 3 days drive we had no signal
        4 main reasons why I left
        Samsung S10 8GB is slow
        my PS5 2TB does not connect
        Galaxy A52 6GB
        2 Main reasons: price and speed
        I pay 45 dollars on the street price
        10 people in the room
        room 5, floor 3
        the 3 month plan and the 12 month plan
        5 GB per month is way too little
        100 Mbps is a joke
        500 of 1000 units sold
        we waited 2 hours. Drive safe
        suite of 5 products
        the apartment has 3 bedrooms and 2 baths
        they charge 15 a month in the park
        there were 4 outages in June, and 6 in July
        plan 5, line 2
        I drive 20 miles down the road
        number 1 on the list, place your order
        Windows 11 and Office 365 Drive
        1 of 3 calls is dropped
        the box 12 arrived open
        P.O. was not my idea
        PO 12 was a purchase
        a 30 second street view
        2 Street View cars passed
        in 2019 Wall Street fell
        in 2020 Main Street shops closed
        my 2 cents: way too expensive
        the 5G highway to nowhere
        there are 5 Broadway tickets left
        I called 3 times, Drive Support did not answer
        seat 12A, gate 5, row 7
        chapter 7 court case
        King Street Station is near
        section 8 close to the end
        top 10 Hill songs
        one way or the other, 5 ways
        I got 2 emails and 1 St. Patrick offer
        ME 12345 is the model
        order 2 in 10000 fails
        OK 10000 points are mine
        I am 25 Dr. Smith said so
        I paid 35 dollars for Drive and 20 for Cloud
        3 Strikes Way too many
        2 Blocks Down The Road there is a tower
        10 Gigabit Park is a joke
        she scored 9 out of 10 in Court
        version 12 Lane is out
        1st Place goes to your competitor
        call me in 15 minutes at the latest
        flat rate 20 is fine
        level 2 support called, level 3 did not
        floor 2 has no signal but floor 3 has
        my iPhone 14 Pro Max drops calls on the road
        Model S3 4AB arrived, not the X
        the 2024 Super Bowl on Main Street was laggy
        50 First Dates was buffering
        we have 4 lines on one family plan way over budget
        $45 Way too much
        Netflix 4K plan, 2 screens, Square deal
        8 Mile Road movie would not load
        channel 5 Street Signs cut out
        MY BILL WENT UP IN 2023
        I JOINED VERIZON IN 2019 AND IT WAS FINE
        YOU CHARGED ME 12000
        I PAID 50 DOLLARS OR 1000
        Windows ME 2000 is old
        Windows NT 4000 is older
        BACK IN 2019 I WAS HAPPY
        I MOVED TO VERIZON IN 20190
        TURN IT ON 12000 TIMES
        YOU MUST ACT 2024 IS THE LIMIT
        SAYS HI 12345 TIMES
        IT IS OK 12000 TIMES OVER
        PAY DE 12345
        LATENCY IN MS 12000
        I HAVE BEEN WITH YOU SINCE 2015 OR 2016
        THERE ARE 5 BARS CLOSE TO THE WINDOW
        I WAITED 3 HOURS ON THE STREET
        WE HAVE 2 TOWERS DOWN THE ROAD
        THE 2024 SUPER BOWL ON MAIN STREET
        IN 2019 WALL STREET FELL
        In 2019 Wall Street fell
        since May 2019 Wall Street is up
        THIS IS 3 TIMES WAY TOO MUCH
        IT IS 45 BUCKS WAY TOO MUCH
        there are 5 bars close to the window
        is 3 steps way too many
        it is 10 feet close
        address 3 issues point by point
        send 2 reps place
        we are 4 friends walk in and wait
        my home has 2 routers close together
        it is 10 Mbps way too slow
        at 5 sharp close the ticket
        it is 2 towers near road works
    """,
    "zh": """
        2号线没信号
        一号店的东西贵
        3号到货
        订单号是多少
        5室温不行
        我要三室一厅的路由器
        每月3号扣费
        线路12号才修好
        知道3号到货就行
        怎么弄3号的账单
        家里3号断网
        频道5号没声音
        网路12号恢复
        走路5分钟就到
        路由器12号到货
        快递在路上，12号到
        5楼信号差
        3号楼，放门卫就行
        小区3号楼
        新小区3号楼没信号
        1号和15号各断一次
        地铁2号线里没信号
        客服8号说的
        工号12号的客服态度差
        第3单元的课程
        3单元测试没过
        5栋楼都没信号
        整个小区5户都断网
        城市里信号好，农村3天断一次
        我在北京，信号很差
        广东省的客服最慢
        深圳市的套餐比广州市贵
        区别在哪
        市场价5元
        超市3号开业
        我们村3年没有宽带
        村里3户人家
        套餐一号20元，二号30元
        道理12条
        街上5个人
        上街3次
        电路5号板坏了
        思路3条
        这条路12公里
        公路5号口
        一路3次掉线
        半路12号坏了
        送到家楼下
        房间3室2厅
        按1号键转人工
        点3号按钮
        5G套餐12元一个月
        5层包装
        室内3格信号，室外5格
        人民路的营业厅关了
        南京路店员态度差
        手机号1号段
        尾号12号卡
        编号3号
        单号5号的包裹
        11月3号到12月5号
        小区的网
        小区花园旁边信号差
        号码5号
        里面3层
        组3个套餐
        2号门店排队
        套路12号令
        管道5号检修
        院里的网线
        弄坏了3次
        市区5G快，郊区慢
        12号楼下没信号
        第5街区活动很好
        每层3室2厅
        道路12号文件
        三号院线的电影票
        一号路由器坏了
        楼上3户都投诉了
        2单元楼都断网
        你们营业厅5号窗口
        20号大街上全是你们的广告
        我要办3号套餐和5号套餐
        这个小区3年没升级
        城区5G好，县里差
        7号晚上8点断的
        街道办12号通知
        村里12号断电
        5号基站在修
        广场5号活动
        前台在三楼三号窗口
        去年12号楼盘开盘
    """,
}

ROADS = [
    "中山路",
    "人民路",
    "建设路",
    "解放路",
    "和平路",
    "新华路",
    "胜利路",
    "文化路",
    "北京路",
    "南京路",
    "上海路",
    "长江路",
    "黄河路",
    "建国路",
    "复兴路",
    "光明路",
    "团结路",
    "友谊路",
    "民主路",
    "工业路",
    "学院路",
    "站前路",
    "迎宾路",
    "朝阳路",
    "青年路",
    "花园路",
    "公园路",
    "幸福路",
    "健康路",
    "东风路",
    "红旗路",
    "振兴路",
    "滨河路",
    "环城路",
    "体育路",
    "科技路",
    "创业路",
    "府前街",
    "前进路",
    "五一路",
    "八一路",
    "解放大道",
    "解放街",
    "人民大道",
    "人民中路",
    "中山北路",
    "为民路",
    "富民路",
    "育才路",
    "劳动路",
    "共和路",
    "民族路",
    "开放路",
    "改革路",
    "开发大道",
    "兴业路",
    "安居路",
    "来安路",
    "至善路",
    "大有路",
    "有恒路",
    "从化路",
    "泰山路",
    "工农路",
    "延安路",
    "广场路",
    "西湖路",
    "滨江大道",
    "世纪大道",
    "天府大道",
]


def _lines(block: str) -> list[str]:
    return [line.strip() for line in block.strip().splitlines() if line.strip()]


def marked(book: dict[str, str], language: str) -> list[tuple[str, str]]:
    """Return pairs of a sentence and the sentence as it should be redacted."""
    pairs = []
    for line in _lines(book[language]):
        before, rest = line.split("«")
        address, after = rest.split("»")
        pairs.append((before + address + after, f"{before}[address]{after}"))
    return pairs


def look_alikes(language: str) -> list[str]:
    return _lines(LOOK_ALIKES[language])
