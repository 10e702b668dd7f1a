-- For wrk: creates image annotation tasks until enough were answered, then stops.
-- Its arguments: the API key in base64, the callback URL, and how many tasks.
local answered, wanted = 0, 0

function init(arguments)
    wanted = tonumber(arguments[3])
    wrk.method = "POST"
    wrk.headers["Authorization"] = "Basic " .. arguments[1]
    wrk.headers["Content-Type"] = "application/json"
    wrk.body = [[{"instruction": "Draw a box around every truck and person.",
        "attachment": "https://assets.example.com/dockyard/quay-0001.jpg",
        "geometries": {"box": {"objects_to_annotate": ["truck", "person", "crane"], "min_width": 8, "min_height": 8}},
        "annotation_attributes": {"occlusion": {"type": "category", "description": "How much is hidden?",
            "choices": ["0%", "25%", "50%", "75%"]}},
        "metadata": {"camera": "north", "shift": 3},
        "callback_url": "]] .. arguments[2] .. [["}]]
end

function response(status)
    answered = answered + 1
    if status ~= 200 then
        io.stderr:write("a creation was answered " .. status .. "\n")
    end
    if answered >= wanted then
        wrk.thread:stop()
    end
end
